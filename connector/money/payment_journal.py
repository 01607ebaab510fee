"""The journals of a payment (the gateway owes us, we owe the buyer, the gateway keeps its fee) and of what is paid back.

Called by the flows of payments.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from connector.accounting.payments import GatewayFee, PaymentMethod, PaymentsConfig
from connector.errors import MappingError
from connector.money.journal import Entry, Journal, credit, debit, make_journal
from connector.money.rounding import ZERO, has_at_most, round_half_up
from connector.woocommerce.models import Order


def payment_journal(order: Order, *, config: PaymentsConfig, decimals: int) -> Journal:
    """Returns what a payment of the whole order posts at once; nothing but the fee where its invoice is paid instead.

    Raises:
        MappingError: The payment method has no clearing account, or the fee the shop states cannot be used.
        AmountsDifferError: The total has more decimals than its currency.
    """
    method = method_of(order, config)
    entries: list[Entry] = []
    if config.has_prepayments:
        entries += [
            debit(order.total, method.clearing, "payment"),
            credit(order.total, config.liability, "prepayment"),
        ]
    if method.fee is not None:
        entries += _fee_entries(order, method, method.fee, decimals)
    return make_journal(entries, currency=order.currency, decimals=decimals)


def repayment_journal(order: Order, amount: Decimal, *, config: PaymentsConfig, decimals: int) -> Journal:
    """Returns what a repayment posts: we owe the buyer less, and the gateway us. It keeps its fee.

    Args:
        order: The order that was paid.
        amount: What the gateway owes us less. Negative: it owes us more, and we the buyer, than the invoice was paid with.
        config: The accounts.
        decimals: Places of the currency.

    Raises:
        MappingError: The payment method has no clearing account.
        AmountsDifferError: The amount has more decimals than its currency.
    """
    clearing = method_of(order, config).clearing
    if amount < 0:
        entries = [
            debit(-amount, clearing, "left with the gateway"),
            credit(-amount, config.liability, "owed to the buyer"),
        ]
    else:
        entries = [debit(amount, config.liability, "repayment"), credit(amount, clearing, "repaid by the gateway")]
    return make_journal(entries, currency=order.currency, decimals=decimals)


def method_of(order: Order, config: PaymentsConfig) -> PaymentMethod:
    """Returns how an order's payment method is posted.

    Raises:
        MappingError: The store file does not list it.
    """
    found = config.methods.get(order.payment_method)
    if found is None:
        raise MappingError(
            f"No clearing account is configured for the payment method {order.payment_method or '(none)'}.",
            rule="payments.methods",
            field="payment_method",
            resolution="Add the method under payments.methods of the store file, give it to `connector store add`, then "
            "release the exchange.",
        )
    return found


def _fee_entries(order: Order, method: PaymentMethod, fee: GatewayFee, decimals: int) -> list[Entry]:
    amount = _stated(order, fee)
    if not amount:
        return []
    if not (0 < amount <= order.total and has_at_most(amount, decimals)):
        raise _unusable(fee, "it is negative, larger than the payment, or has too many decimals")
    base = round_half_up(amount / (1 + fee.vat_rate / 100), decimals)
    entries = [debit(base, fee.account, "gateway fee"), credit(amount, method.clearing, "fee withheld")]
    if fee.vat_account is not None:
        entries.append(debit(amount - base, fee.vat_account, "VAT of the gateway fee"))
    return entries


def _stated(order: Order, fee: GatewayFee) -> Decimal:
    """Returns the fee on the order, 0 if the shop states none (yet)."""
    raw = next((value for key in fee.meta_keys if (value := order.meta(key)) not in (None, "")), None)
    if raw is None:
        return ZERO
    currency = order.meta(fee.currency_key) if fee.currency_key else None
    if currency not in (None, "") and str(currency).upper() != order.currency:
        raise _unusable(fee, f"it is in {str(currency).upper()[:3]}, the order in {order.currency}")
    try:
        amount = Decimal(str(raw))
    except InvalidOperation:
        raise _unusable(fee, "it is no number") from None
    if not amount.is_finite():
        raise _unusable(fee, "it is no number")
    return amount


def _unusable(fee: GatewayFee, what: str) -> MappingError:
    return MappingError(
        f"The gateway's fee on the order ({', '.join(fee.meta_keys)}) cannot be posted: {what}.",
        rule="payments.methods.fee",
        field="meta_data",
        resolution="Correct the value on the order, or the fee's entry in the store file; then release the exchange.",
    )
