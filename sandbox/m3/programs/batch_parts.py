"""OIS100MI and OIS275MI: addresses, charges and texts of a batch order; listed in `registry`."""

from collections.abc import Iterable
from decimal import Decimal

from sandbox.m3.entities import Charge
from sandbox.m3.money import CURRENCY_DECIMALS, decimals_of
from sandbox.m3.programs.batch_head import open_batch_order
from sandbox.m3.programs.batch_lines import find_line
from sandbox.m3.programs.run import Row, Run
from sandbox.m3.refusals import Refusal

ADDRESS_KEYS = ("ORNO", "CONO", "ADRT")


def add_batch_address(run: Run) -> Iterable[Row]:
    """Add an address of a type; each type once."""
    batch = open_batch_order(run)
    kind = run.whole("ADRT")
    if kind in batch.body.addresses:
        raise Refusal("XRE0104", "ADRT")
    adid = run.text("ADID")
    if adid and (kind, adid) not in run.state.customer(batch.body.cuno).addresses:
        raise Refusal("WAD1003", "ADID", value=adid)
    batch.body.addresses[kind] = {field: value for field, value in run.record.items() if field not in ADDRESS_KEYS}
    return ()


def get_address(run: Run) -> Iterable[Row]:
    """Read an address of a batch order (OIS275MI)."""
    address = run.state.batch_order(run.text("ORNO")).body.addresses.get(run.whole("ADRT"))
    if address is None:
        raise Refusal("XRE0103", "ADRT")
    return [address]


def add_batch_head_charge(run: Run) -> Iterable[Row]:
    """Connect a charge to the head; only once an id, only in the order's currency."""
    body = open_batch_order(run).body
    charge = new_charge(run, body.head["CUCD"], is_line_charge=False)
    if charge.crid in body.charges:
        raise Refusal("XRE0104", "CRID")
    body.charges[charge.crid] = charge
    return ()


def add_batch_line_charge(run: Run) -> Iterable[Row]:
    """Connect a charge to a line."""
    body = open_batch_order(run).body
    line = find_line(run, body)
    charge = new_charge(run, body.head["CUCD"], is_line_charge=True)
    if charge.crid in line.charges:
        raise Refusal("XRE0104", "CRID")
    line.charges[charge.crid] = charge
    return ()


def new_charge(run: Run, currency: str, *, is_line_charge: bool) -> Charge:
    """Check a charge against OIS030."""
    known = run.state.charge_types.get(run.text("CRID"))
    if known is None or known.is_line_charge != is_line_charge:
        raise Refusal("XRE0103", "CRID")
    if known.currency != currency or run.text("CUCD", currency) != currency:
        raise Refusal("CPF9898", "CUCD", message="The charge must be in the currency of the order")
    amount = run.number("CRAM") or Decimal(0)
    if decimals_of(amount) > CURRENCY_DECIMALS[currency]:
        raise Refusal("CPF9898", "CRAM", message="The charge has more decimals than its currency")
    exact = amount.quantize(Decimal(1).scaleb(-CURRENCY_DECIMALS[currency]))
    return Charge(known.crid, exact, known.vat_code, run.text("CRD0", known.name))


def add_batch_text(run: Run) -> Iterable[Row]:
    """Add a text to head (TYPE 1) or line (TYPE 2)."""
    body = open_batch_order(run).body
    if run.text("TYTR") not in ("1", "2", "3"):
        raise Refusal("CPF9898", "TYTR", message="The kind of text is 1, 2 or 3")
    if run.text("TYPE") == "1":
        body.texts.append(run.text("PARM"))
    elif run.text("TYPE") == "2":
        find_line(run, body).texts.append(run.text("PARM"))
    else:
        raise Refusal("CPF9898", "TYPE", message="A text belongs to the head (1) or a line (2)")
    return ()
