"""Run the transactions of a call against the state, one after the other; `gateway` calls it."""

from collections.abc import Iterable, Sequence
from itertools import islice

from sandbox.m3.calls import Call, Item
from sandbox.m3.envelope import Outcome, Row
from sandbox.m3.faults import READ_PREFIXES, Fault, ItemFault, Plan
from sandbox.m3.programs.registry import EVERYWHERE, HANDLERS
from sandbox.m3.programs.run import Run
from sandbox.m3.refusals import InvalidCall, Refusal
from sandbox.m3.signatures import Field, Signature, check_record, load_catalogue
from sandbox.m3.state import CONO, State

LIST_PREFIXES = ("Lst", "List", "Search", "Sel")
QUANTITIES_AS_TEXT = frozenset(("AV01", "AV02", "STQT", "ALQT", "STQI"))
"""Numbers that some transactions declare as text."""


def run_call(state: State, call: Call, plan: Plan) -> list[Outcome]:
    """Run every item; each has its own outcome, a failed one undoes nothing.

    Raises:
        InvalidCall: the program is unknown, so nothing of the call can run.
    """
    if call.program not in load_catalogue().programs:
        raise InvalidCall("TransactionNotFound", f"Program {call.program} not found")
    outcomes: list[Outcome] = []
    with state.lock:
        for item, fault in zip(call.items, plan.items, strict=True):
            if fault and fault.fault is Fault.TERMINATE:
                break
            outcomes.append(_run_item(state, call, item, plan=plan, fault=fault))
    outcomes += [Outcome(item.transaction) for item in call.items[len(outcomes) :]]
    return outcomes


def _run_item(state: State, call: Call, item: Item, *, plan: Plan, fault: ItemFault | None) -> Outcome:
    state.calls[f"{call.program}/{item.transaction}"] += 1
    parameters = item.record if call.extended_result else None
    try:
        signature = load_catalogue().find(call.program, item.transaction)
        record = check_record(signature, item.record)
        _check_company(call, record.get("CONO", CONO))
        if fault:
            raise _refusal_of(fault)
        run = Run(call.program, item.transaction, record, state, plan.settings, plan.confirm_status, plan.confirm_text)
        rows = _handle(run)
        if not item.transaction.startswith(READ_PREFIXES):
            rows = list(rows)
            state.writes.append({"call": f"{call.program}/{item.transaction}", "sent": dict(record), "given": rows[:1]})
        records = [] if not signature.outputs else _records(rows, signature, call=call, item=item, plan=plan)
        return Outcome(item.transaction, records=records, parameters=parameters)
    except (Refusal, InvalidCall) as error:
        return Outcome(item.transaction, error=error, parameters=parameters)


def _check_company(call: Call, cono: str) -> None:
    if call.cono not in ("", CONO) or cono.lstrip("0") != CONO:
        raise Refusal("XAU0008", value=call.cono or cono)


def _refusal_of(fault: ItemFault) -> Refusal:
    if fault.fault is Fault.LOCK:
        return Refusal("XO_1130")
    if fault.fault is Fault.CHANGED_BY_OTHER:
        return Refusal("XUP0001", value="SALES1")
    return Refusal(fault.code, fault.field, message=fault.message)


def _handle(run: Run) -> Iterable[Row]:
    handler = HANDLERS.get(f"{run.program}/{run.transaction}") or EVERYWHERE.get(run.transaction)
    if handler is not None:
        return handler(run)
    if run.transaction.startswith(READ_PREFIXES) and not run.transaction.startswith(LIST_PREFIXES):
        raise Refusal("XRE0103")
    return ()


def _records(rows: Iterable[Row], signature: Signature, *, call: Call, item: Item, plan: Plan) -> Sequence[Row]:
    wanted = set(item.columns)
    fields = [field for field in signature.outputs if not wanted or field.name in wanted]
    return [_record(row, fields, call=call, plan=plan) for row in islice(rows, call.max_records)]


def _record(row: Row, fields: Sequence[Field], *, call: Call, plan: Plan) -> Row:
    record = {}
    for field in fields:
        value = row.get(field.name)
        if value is None:
            value = "0" if field.type == "N" else ""
        if value == "" and call.exclude_empty:
            continue
        if plan.settings.trailing_minus and value.startswith("-") and _is_number(field):
            value = f"{value[1:]}-"
        record[field.name] = value if call.right_trim or field.length is None else value.ljust(field.length)
    return record


def _is_number(field: Field) -> bool:
    return field.type == "N" or field.name in QUANTITIES_AS_TEXT
