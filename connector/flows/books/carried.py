"""As what an order is carried into M3: a customer order or an invoice. Called by the flows of orders, refunds and the ledger.

The store file says it of orders that nobody has begun. A store may change from one to the other, and what was posted the one way is
not posted the other way too; its refunds, payments and settlements go on as it was posted. An invoice that was begun is finished; a
customer order that M3 holds as a batch only is deleted there, and invoiced.
"""

from __future__ import annotations

from connector.flows.books.leaving import INVOICES
from connector.flows.context import Run
from connector.ledger.posted import find_posted
from connector.ledger.standing import find_standing
from connector.stores.orders import CarriedAs


def is_direct(run: Run, order_id: int | str) -> bool:
    """Tells whether an order is an invoice in M3's ledger, or is to become one."""
    connection, store, key = run.journal.connection, run.store.name, str(order_id)
    if find_posted(connection, shop_scope=store, shop_key=key) is not None:
        return False
    return is_to_be_invoiced(run, key)


def is_to_be_invoiced(run: Run, order_id: int | str) -> bool:
    """Tells the same of an order of which M3 has no customer order."""
    if run.store.config.orders.carried_as is CarriedAs.INVOICE:
        return True
    standing = find_standing(run.journal.connection, run.store.name, flow=INVOICES, key=str(order_id))
    return standing is not None and standing.is_taken_up
