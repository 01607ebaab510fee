"""Writes what differs into the accounts of the shop, and says of each customer what became of it. Called by customers_to_woo.

One call for up to a hundred accounts. Those the shop refuses are sent once more, in their pieces, also up to a hundred a call: so
one value the shop does not take holds up no other of its account, whether or not the shop says which one it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from connector.flows.batches import UPDATE, batch_size, write
from connector.flows.context import Run
from connector.flows.customer_publishing.fields import BILLING, FLOW
from connector.flows.customer_publishing.pieces import Refused, digest_of, hidden, in_pieces, in_words, kept, remedy_of
from connector.flows.customer_publishing.sides import differing, element_of, shown, told
from connector.flows.customers.leaving import account_asked
from connector.ledger.offers import Offer, Result
from connector.ledger.trail import TrailLine
from connector.woocommerce.batches import Done as Written
from connector.woocommerce.batches import ElementResult
from connector.woocommerce.batches import Refused as RefusedElement
from connector.woocommerce.canonical import JSONDict
from connector.woocommerce.customers import UNKNOWN

PIECES = "pieces"


@dataclass(frozen=True)
class Change:
    """A customer whose account is to be written: all of it, or one piece. `refused` are pieces that are not sent any more."""

    offer: Offer
    account: int
    row: JSONDict
    wanted: Mapping[str, str]
    changes: Mapping[str, str]
    refused: Mapping[str, Refused]


def write_accounts(run: Run, changes: Sequence[Change]) -> Iterator[Result]:
    """Writes one batch, and what of it was refused in pieces. Where an answer was lost there is no result: it stays due.

    Raises:
        ConnectorError: A call was surely not executed; nothing of it is settled.
    """
    answers = _send(run, changes, name=UPDATE)
    if answers is None:
        return
    apart = []
    for change, answer in zip(changes, answers, strict=True):
        if isinstance(answer, RefusedElement) and answer.remote_code != UNKNOWN and len(in_pieces(change.changes)) > 1:
            apart.append(change)
        else:
            yield _result(run, change, [(change, answer)])
    yield from _write_apart(run, apart)


def still_to_correct(offer: Offer, account: int, refused: Mapping[str, Refused]) -> Result:
    """Returns the result of a customer of which only refused pieces differ: nothing is sent."""
    return _with_refused(offer, account, offer.written.get("fields", ()), refused)


def settled(
    offer: Offer, *, code: str = "", problem: str = "", remedy: str = "", retry_s: float | None = None
) -> Result:
    """Returns the result of a customer for which nothing was written; with a code it is a problem people are told."""
    return Result(
        item_number=offer.item_number,
        rev=offer.rev,
        code=code or None,
        problem=problem or None,
        remedy=remedy or None,
        retry_s=retry_s,
    )


def _write_apart(run: Run, changes: Sequence[Change]) -> Iterator[Result]:
    pieces = [replace(one, changes=piece) for one in changes for piece in in_pieces(one.changes).values()]
    size = batch_size(run, flow=FLOW).elements
    became: dict[int, list[tuple[Change, ElementResult]]] = {one.account: [] for one in changes}
    for start in range(0, len(pieces), size):
        chunk = pieces[start : start + size]
        answers = _send(run, chunk, name=PIECES)
        for piece, answer in zip(chunk, answers or (), strict=answers is not None):
            became[piece.account].append((piece, answer))
    for change in changes:
        if len(became[change.account]) == len(in_pieces(change.changes)):  # else an answer was lost
            yield _result(run, change, became[change.account])


def _send(run: Run, changes: Sequence[Change], *, name: str) -> list[ElementResult] | None:
    """Sends what is to be changed in one call, and tells of what was taken; None: its answer was lost."""
    elements = [element_of(one.account, one.changes) for one in changes]
    numbers = list(dict.fromkeys(one.offer.item_number for one in changes))
    lines = [_told(one) for one in changes]
    send = partial(run.store.shop.customers.write_batch, elements)
    answers = write(run, flow=FLOW, name=name, items=numbers, request=elements, told=lines, send=send)
    if answers is not None:
        run.journal.tell(line for line, answer in zip(lines, answers, strict=True) if isinstance(answer, Written))
    return answers


def _told(change: Change) -> TrailLine:
    return TrailLine(
        action="POST customers/batch",
        system="shop",
        key=str(change.account),
        before=told({name: shown(change.row, name) for name in change.changes}),
        after=told(change.changes),
        why="M3 is the master",
    )


def _result(run: Run, change: Change, became: Sequence[tuple[Change, ElementResult]]) -> Result:
    """Says what became of an account of which each piece, or all in one, was answered."""
    if any(isinstance(answer, RefusedElement) and answer.remote_code == UNKNOWN for _, answer in became):
        run.leave(account_asked(run.store.name, change.account, source="poll_missing"))
        return settled(change.offer)
    taken = [(piece, answer) for piece, answer in became if isinstance(answer, Written)]
    refused = dict(change.refused)
    for piece, answer in became:
        if isinstance(answer, RefusedElement):
            refused |= _refused(piece, answer)
    fields = {name: text for piece, _ in taken for name, text in piece.changes.items()}
    left = ", ".join(differing(fields, taken[-1][1].resource)) if taken else ""
    result = _with_refused(change.offer, change.account, sorted(fields), refused)
    if not left:
        return result
    not_taken = f"The shop took the change of account {change.account} but shows another value in {left}."
    owned = "A plug-in may own these fields: take them out of config/mappings/customers_to_woo.yaml."
    if not refused:
        return settled(change.offer, code="not_taken", problem=not_taken, remedy=owned)
    return replace(result, problem=f"{result.problem} {not_taken}", remedy=f"{result.remedy} {owned}")


def _refused(change: Change, answer: RefusedElement) -> dict[str, Refused]:
    """Returns each piece of a refused element; a value that belongs to a person is no part of the words."""
    words = hidden(answer.message, [text for name, text in change.changes.items() if name.startswith(BILLING)])
    return {
        piece: Refused(digest_of(piece, change.wanted), tuple(sorted(fields)), answer.problem.value, words)
        for piece, fields in in_pieces(change.changes).items()
    }


def _with_refused(offer: Offer, account: int, fields: Sequence[str], refused: Mapping[str, Refused]) -> Result:
    written = kept(fields, refused)
    if not refused:
        return replace(settled(offer), written=written)
    problem = settled(
        offer,
        code=next(iter(refused.values())).code,
        problem=in_words(account, refused),
        remedy=remedy_of(offer.item_number),
    )
    return replace(problem, written=written)
