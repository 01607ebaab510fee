"""GLS840MI: the generic interface to the ledgers; listed in `registry`.

There is no transaction that reads, lists or deletes a batch, and KEY1 is never given twice. An accepted UpdBatch only hands the
batch to a job: what became of it is read in the ledger.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation

from sandbox.m3.general_ledger import ACCOUNTS, CONTROL_ACCOUNT, INTERFACES, INVOICE_HEAD, Batch, BatchStatus, Line
from sandbox.m3.money import CURRENCY_DECIMALS, VAT_RATES, decimals_of
from sandbox.m3.posting import update_due
from sandbox.m3.programs.run import Row, Run
from sandbox.m3.refusals import Refusal
from sandbox.m3.state import CONO, State

NOT_THERE, TOO_LATE = "XRE0103", "WST0301"


def add_batch_head(run: Run) -> Iterable[Row]:
    """Begin a batch; a KEY1 that was ever used is refused."""
    if run.text("INTN") not in INTERFACES:
        raise Refusal(NOT_THERE, "INTN")
    ledger = run.state.ledger
    if run.text("KEY1") in ledger.batches:
        raise Refusal("XRE0104", "KEY1")
    ledger.batches[run.text("KEY1")] = Batch(run.text("KEY1"), run.text("INTN"), run.text("DESC"))
    return [{"CONO": CONO}]


def add_batch_line(run: Run) -> Iterable[Row]:
    """Add a line as one string, laid out as GLS850 says of the interface."""
    batch = _open_batch(run)
    interface = INTERFACES[batch.interface]
    text = run.text("PARM")
    layout = interface.records.get(text[:2])
    if not interface.is_positional or layout is None:
        raise Refusal(
            "CPF9898", "PARM", message=f"Record identity {text[:2]} is not in the layout of {batch.interface}"
        )
    fields = {name: text[start - 1 : end].strip() for name, (start, end) in layout.items()}
    _add(run, batch, {name: value for name, value in fields.items() if value})
    return [{"CONO": CONO}]


def add_batch_line_field(run: Run) -> Iterable[Row]:
    """Add a line by fields; only to an interface of usage type 2."""
    batch = _open_batch(run)
    interface = INTERFACES[batch.interface]
    if interface.is_positional or run.text("INRI") not in interface.identities:
        raise Refusal("CPF9898", "INRI", message=f"Interface {batch.interface} takes no fields of {run.text('INRI')}")
    _add(run, batch, {name: value for name, value in run.record.items() if name not in ("KEY1", "LINE")})
    return ()


def ctrl_batch(run: Run) -> Iterable[Row]:
    """Check a batch (option 6). One in error stays so: a person deletes it in GLS840."""
    batch = _batch(run)
    if batch.status not in (BatchStatus.OPEN, BatchStatus.CONTROLLED):
        raise Refusal(TOO_LATE, "KEY1", value=batch.status)
    problem = next(_problems(run.state, batch), None)
    batch.status = BatchStatus.IN_ERROR if problem else BatchStatus.CONTROLLED
    if problem:
        raise Refusal("CPF9898", "KEY1", message=problem)
    return [{"CONO": CONO}]


def upd_batch(run: Run) -> Iterable[Row]:
    """Hand a controlled batch to the job that updates the ledger (option 9)."""
    batch = _batch(run)
    if batch.status is not BatchStatus.CONTROLLED:
        raise Refusal(TOO_LATE, "KEY1", value=batch.status)
    problem = next(_problems(run.state, batch), None)
    if problem:
        raise Refusal("CPF9898", "KEY1", message=problem)
    batch.status, batch.sent_ms = BatchStatus.SENT, run.state.now_ms()
    update_due(run.state)
    return [{"CONO": CONO}]


def _batch(run: Run) -> Batch:
    found = run.state.ledger.batches.get(run.text("KEY1"))
    if found is None:
        raise Refusal(NOT_THERE, "KEY1")
    return found


def _open_batch(run: Run) -> Batch:
    batch = _batch(run)
    if batch.status is not BatchStatus.OPEN:
        raise Refusal(TOO_LATE, "KEY1", value=batch.status)
    if run.whole("LINE") in batch.lines:
        raise Refusal("XRE0104", "LINE")
    return batch


def _add(run: Run, batch: Batch, fields: dict[str, str]) -> None:
    try:
        amount = Decimal(fields.get("CUAM", ""))
    except InvalidOperation:
        raise Refusal("XNU0000", "CUAM") from None
    batch.lines[run.whole("LINE")] = Line(fields, amount)


def _problems(state: State, batch: Batch) -> Iterator[str]:
    if not batch.lines:
        yield "The batch has no lines"
    for number, line in sorted(batch.lines.items()):
        yield from (f"Line {number}: {problem}" for problem in _of_line(state, line))
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in batch.lines.values():
        sums[line.fields.get("CUCD", "")] += line.amount if line.is_debit else -line.amount
    for currency, difference in sums.items():
        if difference:
            yield f"Debit and credit differ by {difference} {currency}"


def _of_line(state: State, line: Line) -> Iterator[str]:
    fields = line.fields
    is_invoice = fields.get("INRI") == INVOICE_HEAD
    currency = fields.get("CUCD", "")
    if fields.get("AIT1", "") not in ACCOUNTS:
        yield f"account {fields.get('AIT1', '')} does not exist"
    elif (fields["AIT1"] == CONTROL_ACCOUNT) != is_invoice:
        yield f"account {fields['AIT1']} is not allowed for {fields.get('INRI')}"
    if currency not in CURRENCY_DECIMALS:
        yield f"currency {currency} does not exist"
    elif line.amount < 0 or decimals_of(line.amount) > CURRENCY_DECIMALS[currency]:
        yield f"amount {line.amount} is not valid in {currency}"
    if fields.get("ACDT", "") <= state.ledger.closed_through:
        yield f"the period of {fields.get('ACDT', '')} is closed"
    if int(fields.get("VTCD") or 0) not in VAT_RATES:
        yield f"VAT code {fields['VTCD']} does not exist"
    if is_invoice:
        yield from _of_invoice(state, fields)


def _of_invoice(state: State, fields: Mapping[str, str]) -> Iterator[str]:
    if fields.get("CUNO", "") not in state.customers:
        yield f"customer {fields.get('CUNO', '')} does not exist"
    if (fields.get("CUNO", ""), fields.get("CINO", ""), fields.get("INYR", "")) in state.ledger.invoices:
        yield f"invoice {fields.get('CINO', '')} exists already"
