"""Keeps a fact out of M3 that a person discarded, whatever the shop says of it later. Called by the flows of orders and money.

The person may have entered it there by hand, under no reference of ours: posted as well, it would be there twice. So what asks
for the same as then changes nothing, and what asks for something else waits for that person, who alone can have it carried.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from connector.errors import ChangedAfterDiscardError
from connector.flows.context import Run
from connector.flows.outcome import Done
from connector.ledger.discard_marks import mark_asked, order_of
from connector.ledger.discards import DISCARDED, FORGET, NOTE, Discard, Told, read_told
from connector.ledger.kept import known
from connector.woocommerce.canonical import canonical_json

POST, NOTHING, END = "post", "nothing", "end"
"""What the shop asks for; a flow may have other words for ways of posting."""


@dataclass(frozen=True)
class Meaning:
    """What the shop asks for, without anybody's data.

    `asks` is POST, NOTHING (leave it as it is), END (it is gone or cancelled), or a flow's own word; `said` tells why in the
    shop's words. `parts` are digests of what is to be carried, by name; `figures` amounts that a person is shown.
    """

    asks: str
    said: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)
    figures: Mapping[str, str] = field(default_factory=dict)


def digests(content: Mapping[str, object]) -> dict[str, str]:
    """Returns the digest of each part of some content."""
    return {name: hashlib.sha256(canonical_json(value)).hexdigest() for name, value in content.items()}


def stay(run: Run, now: Meaning, *, fact: str, before: Callable[[Told], Meaning | None]) -> Done | None:
    """Says how a fact ends that a person discarded and that asks for nothing else since; None if nobody discarded it.

    Args:
        run: This run; the other side does not have the fact from us.
        now: What the shop asks for.
        fact: What it is, for the person.
        before: Reads what it asked for then from the delivery of then; None if that cannot be told any more.

    Raises:
        ChangedAfterDiscardError: It asks for something else.
    """
    held = run.claim.discard
    if held is None:
        return None
    then = meant_then(run, held, before)
    news = _news(then, now)
    if not news:
        if then is not None and (held.accepted is None or held.shown is not None):
            note(run, accepted=asdict(then), shown=None)
        return Done(held.words, code=DISCARDED)
    _show(run, held, then, now, news)
    raise ChangedAfterDiscardError(
        f"A person discarded {fact}, and the shop asks for something else now: {news}. {held.words}",
        resolution=f"`connector exchanges show {run.claim.exchange_id}` shows both sides. If it was entered in M3 by hand, correct "
        f"it there, then discard this exchange again. To have it carried: connector dead-letters release {run.claim.exchange_id}",
    )


def meant_then(run: Run, held: Discard, before: Callable[[Told], Meaning | None]) -> Meaning | None:
    """Returns what was asked for when it was discarded; None if that cannot be told any more."""
    if held.is_found_again:
        return None
    if held.accepted is not None:
        return Meaning(**known(Meaning, held.accepted))
    return before(read_told(run.journal.connection, held.delivery_id))


def differing(then: Meaning, now: Meaning) -> list[str]:
    """Returns which parts changed. One that only one side has came or went with a line of the mapping file."""
    return sorted(name for name in then.parts.keys() & now.parts.keys() if then.parts[name] != now.parts[name])


def forget(run: Run) -> None:
    """Stages that a discard is over, and that the shop's order is not marked with it: M3 has the fact from us, as it is wanted."""
    if run.claim.discard is None:
        return
    run.journal.stage(FORGET, exchange_id=run.claim.exchange_id)
    run.journal.claim = replace(run.claim, discard=None)
    order_id = order_of(run.claim.flow, run.claim.business_key)
    if order_id is not None:
        run.leave(mark_asked(run.store.name, order_id=order_id))


def _news(then: Meaning | None, now: Meaning) -> str:
    """Says what is asked for that was not asked for then, or nothing."""
    if then is None:
        return "" if now.asks == NOTHING else f"{now.said}, and it is not known any more what it said then"
    if then.asks == now.asks == END:
        return ""
    if now.asks not in (NOTHING, then.asks):
        return now.said
    changed = [f"{name}{_figure(name, then, now)}" for name in differing(then, now)]
    return f"changed: {', '.join(changed)}" if changed else ""


def _figure(name: str, then: Meaning, now: Meaning) -> str:
    before, after = then.figures.get(name), now.figures.get(name)
    return "" if before is None or after is None or before == after else f" ({after} instead of {before})"


def _show(run: Run, held: Discard, then: Meaning | None, now: Meaning, news: str) -> None:
    """Writes both sides down, once: what is discarded next is what is shown now."""
    shown = asdict(now)
    if held.shown == shown:
        return
    note(run, accepted=held.accepted if then is None else asdict(then), shown=shown)
    run.journal.audit(
        "changed after discard",
        system="shop",
        key=run.claim.business_key,
        before={} if then is None else {"said": then.said, **then.figures},
        after={"said": now.said, **now.figures},
        why=news,
    )


def note(run: Run, *, accepted: dict[str, Any] | None, shown: dict[str, Any] | None) -> None:
    """Stages what was discarded and what a person is shown now."""
    values = {"accepted": _json(accepted), "shown": _json(shown)}
    run.journal.stage(NOTE, exchange_id=run.claim.exchange_id, **values)


def _json(value: dict[str, Any] | None) -> str | None:
    return None if value is None else canonical_json(value).decode()
