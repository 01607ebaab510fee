"""What M3 is to hold of an order as the shop has it now: planned and proved in memory as a new one. Called by bringing_up.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from connector.errors import MappingError
from connector.flows.context import Run
from connector.flows.order_changes.news import News
from connector.flows.orders import building
from connector.flows.orders.charge_names import CHARGES
from connector.flows.orders.dates import server_date
from connector.flows.orders.left import HAS_TEXTS, NO_TEXT, TEXT_BLOCKS
from connector.flows.orders.making import make_plan
from connector.flows.orders.plan import FLOW, OrderPlan
from connector.ledger.document_records import DocumentRecord
from connector.m3.programs.order_changes import TEXT_LENGTH
from connector.mapping.transforms import m3_text
from connector.money.expected import Expected
from connector.money.planned import PlannedLine

ZERO = Decimal(0)


@dataclass(frozen=True)
class WantedLine:
    """A line as it is to be; `fields` are those of a line that is added."""

    cupo: int
    planned: PlannedLine
    fields: Mapping[str, str]


@dataclass(frozen=True)
class WantedCharge:
    """A head charge as it is to be."""

    amount: Decimal
    text: str


@dataclass(frozen=True)
class Wanted:
    """The whole target. `head`, `address` and `texts` hold only what a change in the shop touches.

    `unplaced` names changed values nothing here can carry. `rounding_limit` is how far rounding may make the order miss,
    `rounding_left` how much more it comes to than the shop's, because its rounding stays as M3 holds it.
    """

    ends: bool
    lines: tuple[WantedLine, ...]
    charges: Mapping[str, WantedCharge]
    expected: Expected
    content: dict[str, Any]
    keys: tuple[str, ...]
    head: Mapping[str, str]
    address: Mapping[str, str]
    texts: tuple[tuple[str, str], ...]
    unplaced: tuple[str, ...] = ()
    rounding_limit: Decimal = ZERO
    rounding_left: Decimal = ZERO


def want(run: Run, document: DocumentRecord, news: News, *, keys: Iterable[str]) -> Wanted:
    """Puts the target together.

    Args:
        run: This run.
        document: The order's document.
        news: What the shop says.
        keys: Parts of the content that an unfinished change has touched already.

    Raises:
        ConnectorError: As for a new order: an item or a place for a value is missing, the sums do not agree.
    """
    touched = tuple(sorted({*news.keys, *keys}))
    if news.ends or news.order is None:
        return _nothing(document, news)
    plan = make_plan(run, news.order, document.cuno or "", charges=document.plan.get(CHARGES, ()))
    cupos = building.number_plan(run, plan)
    mapping = run.store.mappings[FLOW]
    paths = {name: mapping.fields_by_path(name) for name in ("head", "address", "note", "coupon")}
    head = _touched(paths["head"], touched)
    address = _touched(paths["address"], touched)
    is_text = any(key in paths["note"] or key in paths["coupon"] for key in touched)
    return Wanted(
        ends=False,
        lines=_lines(plan, cupos),
        charges=_charges(plan),
        expected=Expected.of(plan.money, cupos=cupos),
        content=news.after,
        keys=touched,
        head={field: plan.head.fields.get(field, "") for field in sorted(head)},
        address={field: plan.address.fields.get(field, "") for field in sorted(address)},
        texts=_texts(plan, heading=_heading(run, document)) if is_text else (),
        rounding_limit=plan.money.rounding_limit,
        unplaced=tuple(key for key in touched if key != "money" and not any(key in one for one in paths.values())),
    )


def _nothing(document: DocumentRecord, news: News) -> Wanted:
    posted = Expected.from_json(document.plan["expected"])
    worth_nothing = replace(posted, total=ZERO, shop_tax=ZERO, vat_tolerance=ZERO, lines=())
    return Wanted(
        ends=True,
        lines=(),
        charges={},
        expected=worth_nothing,
        content=news.after,
        keys=(),
        head={},
        address={},
        texts=(),
    )


def _touched(fields_by_path: Mapping[str, frozenset[str]], keys: Iterable[str]) -> set[str]:
    return {field for key in keys for field in fields_by_path.get(key, ())}


def _lines(plan: OrderPlan, cupos: Mapping[str, int]) -> tuple[WantedLine, ...]:
    numbered = zip(plan.lines, plan.money.lines, strict=True)
    return tuple(
        WantedLine(cupos[line.key], line, {**fields, "CUPO": str(cupos[line.key])}) for fields, line in numbered
    )


def _charges(plan: OrderPlan) -> dict[str, WantedCharge]:
    told = zip(plan.money.head_charges, plan.charge_texts, strict=True)
    return {charge.charge_id: WantedCharge(charge.amount, text) for charge, text in told}


def _heading(run: Run, document: DocumentRecord) -> str:
    """Returns what the blocks begin with: the texts as posted stay beside them, and would be read as well.

    Of a document from before this was kept, or of an order that was found in M3, nobody knows whether there are any.
    """
    if not document.plan.get(HAS_TEXTS, True):
        return ""
    return m3_text(run.store.config.orders.changed_note.format(date=server_date(run))).text


def _texts(plan: OrderPlan, *, heading: str) -> tuple[tuple[str, str], ...]:
    """Breaks all texts of the head over the blocks; a block without text says so."""
    rows = [fields.get("PARM", "") for fields in plan.texts if fields.get("PARM")]
    if heading:
        rows = [f"{heading} {rows[0] if rows else NO_TEXT}", *rows[1:]]
    pieces = [""]
    for row in rows:
        joined = f"{pieces[-1]} / {row}" if pieces[-1] else row
        if len(joined) > TEXT_LENGTH:
            pieces.append(row)
        else:
            pieces[-1] = joined
    if len(pieces) > len(TEXT_BLOCKS):
        raise MappingError(
            "The texts of the order are longer than a confirmed order of M3 can be given.",
            field="TEXT",
            resolution="Write them into the order in OIS300, then discard this exchange.",
        )
    padded = pieces + [""] * (len(TEXT_BLOCKS) - len(pieces))
    return tuple((block, text or NO_TEXT) for block, text in zip(TEXT_BLOCKS, padded, strict=True))
