"""What a replay of an exchange does in each flow, and why some cannot be replayed. Read by `connector exchanges replay`."""

from __future__ import annotations

from connector.errors import PermanentError

REPLAYED = {
    "orders_to_m3": "M3 is asked for the order. If it is there it is compared with the shop's, line by line, and what lacks is "
    "sent; if the ledger knows no order, M3 is searched by reference before anything is written.",
    "refunds_to_m3": "M3 is asked for the return or credit order, and its amounts are compared; if the ledger knows none, M3 is "
    "searched by reference before anything is written.",
    "customers_to_m3": "M3 is asked for the customer by number and search key; one that is there is bound, not made again.",
    "order_status_to_woo": "M3 is asked how far the order is, the shop for what its order holds; what it lacks is written.",
    "discards_to_woo": "The shop is asked for its order, whose mark is brought to what is discarded of it.",
    "payments_to_m3": "M3's ledger is asked for the voucher of the payment before anything is written.",
    "invoices_to_m3": "M3's ledger is asked for the voucher of the invoice before anything is written.",
    "issues_to_m3": "M3 is asked for the stock messages of the order; what they do not cover of what the shop holds is booked.",
    "credits_to_m3": "M3's ledger is asked for the voucher of the credit before anything is written.",
    "repayments_to_m3": "M3's ledger is asked for the voucher of what was paid back before anything is written.",
    "settlements_to_m3": "M3's receivables are asked how the invoices stand before anything is written.",
    "products_to_m3": "The product is read from the shop and the item from M3; what differs is written.",
}
"""Flow -> what the run does before it writes anything."""

_ITEMS = "It carries whatever items are due, in batches, and each run decides anew what to write; there is no one thing to repeat."

REFUSED = {
    "items_to_woo": (_ITEMS, "connector sync items_to_woo --ids ITEM"),
    "prices_to_woo": (_ITEMS, "connector sync prices_to_woo --ids ITEM"),
    "stock_to_woo": (_ITEMS, "connector sync stock_to_woo --ids ITEM"),
    "customers_to_woo": (
        "It carries whatever customers are due, in batches, and each run decides anew what to write.",
        "connector sync customers_to_woo --full",
    ),
    "stock_to_m3": (
        "A stock correction belongs to the moment it was made; M3's stock has moved since, and a second booking would be wrong.",
        "Correct the quantity in the shop once more, or count the item in MMS310.",
    ),
    "m3_events": (
        "A message of M3 only says what to look at; it carries nothing.",
        "connector sync FLOW --ids ITEM looks at the item now; `connector bods send FILE` delivers a message again.",
    ),
}
"""Flow -> why it cannot be replayed, and what to do instead."""


def require_replayed(flow: str) -> str:
    """Returns what a replay does in a flow.

    Raises:
        PermanentError: Nothing in it can be replayed.
    """
    if flow in REPLAYED:
        return REPLAYED[flow]
    why, instead = REFUSED.get(flow, ("This flow does not say what a replay would do.", "Ask for the fact by `sync`."))
    raise PermanentError(f"An exchange of {flow} cannot be replayed. {why}", resolution=instead)
