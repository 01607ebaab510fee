"""Invoice what left of a customer order: one invoice a delivery; only `progress` calls it."""

from collections.abc import Sequence
from decimal import Decimal

from sandbox.m3.changes import Operation, Record
from sandbox.m3.dispatch import INVOICED, Delivery, Invoice
from sandbox.m3.entities import Charge, Line, Order
from sandbox.m3.money import CURRENCY_DECIMALS, round_amount, vat_of
from sandbox.m3.posting import record_invoice
from sandbox.m3.state import State


def invoice_delivery(state: State, order: Order, delivery: Delivery) -> None:
    """Make the invoice of a delivery, put it into the receivables and tell of it."""
    body, currency = order.body, order.body.head["CUCD"]
    earlier = state.dispatch.invoices_of(order.orno)
    amounts: dict[int, Decimal] = {}
    for ponr, quantity in delivery.quantities.items():
        line = body.lines[ponr]
        line.invoiced += quantity
        amounts[ponr] = _amount_of(line, quantity, [one.lines[ponr] for one in earlier if ponr in one.lines], currency)
    charges = _charges_of(order, amounts, earlier)
    taxed = [(body.lines[ponr].vat_code, amount) for ponr, amount in amounts.items()]
    taxed += [(charge.vat_code, charge.amount) for charge in charges]
    is_taxed = state.customer(body.cuno).is_taxed
    ivno, today = state.dispatch.take_ivno(), state.today()
    state.dispatch.invoices[ivno] = Invoice(
        ivno=ivno,
        exin=f"{today[:4]}-{ivno}",
        year=today[:4],
        day=today,
        orno=order.orno,
        dlix=delivery.dlix,
        whlo=delivery.whlo,
        currency=currency,
        lines=amounts,
        charges=sum((charge.amount for charge in charges), Decimal(0)),
        vat=vat_of(taxed, currency) if is_taxed else round_amount(Decimal(0), currency),
    )
    delivery.ivno, delivery.status = ivno, INVOICED
    record_invoice(state, state.dispatch.invoices[ivno], customer=body.cuno)
    state.tell(Record.INVOICE, Operation.CREATE, str(ivno))


def _amount_of(line: Line, quantity: Decimal, told: Sequence[Decimal], currency: str) -> Decimal:
    """Give what a delivery of a line comes to; the last one takes the cents the earlier ones left, but pays for no price
    that was changed since.
    """
    share = round_amount(line.amount * quantity / line.basic_quantity, currency)
    rest = line.amount - sum(told, Decimal(0))
    is_cents = abs(rest - share) <= Decimal(len(told)).scaleb(-CURRENCY_DECIMALS[currency])
    return rest if line.invoiced == line.basic_quantity and is_cents else share


def _charges_of(order: Order, amounts: dict[int, Decimal], earlier: Sequence[Invoice]) -> list[Charge]:
    """Give the charges an invoice bears: of the head on the first one, of a line on the first that has the line."""
    connected = [] if earlier else list(order.body.charges.values())
    told = {ponr for one in earlier for ponr in one.lines}
    return connected + [charge for ponr in amounts.keys() - told for charge in order.body.lines[ponr].charges.values()]
