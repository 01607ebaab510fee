"""Says why a figure differs, from what the ledger knows of the fact. Pure; called by the modules that compare.

The ledger explains and never hides: with an empty one the same differences are found, each with the reason `unknown`.
"""

from __future__ import annotations

from connector.errors import ChangedAfterDiscardError
from connector.flows.reconciling.result import Reason, Why
from connector.ledger.carried import Carried
from connector.ledger.discards import DISCARDED
from connector.ledger.tables import State

NOT_HEARD_OF = "the connector has not heard of it"


def why_differs(known: Carried | None, *, is_as_sent: bool, sync: str) -> Why:
    """Says why M3 holds something else than the shop.

    Args:
        known: What the ledger knows.
        is_as_sent: Whether M3 holds what was sent last, so that the shop's side changed since.
        sync: The command that has the fact looked at.
    """
    standing = _standing(known)
    if standing is not None:
        return standing
    if known is None or known.expected is None:
        return Why(Reason.UNKNOWN, NOT_HEARD_OF if known is None else "the ledger does not say what was sent", sync)
    if is_as_sent:
        return Why(Reason.UNKNOWN, "M3 holds what was sent; the shop's side was changed since, unheard", sync)
    return Why(Reason.EDITED_IN_M3, f"{known.m3_number} held what was sent; somebody changed it in M3")


def why_posted_otherwise(known: Carried | None, *, is_as_sent: bool, number: str, sync: str) -> Why:
    """Says why a voucher of M3 has other amounts than the shop's order has now; as `why_differs`, but it is posted once."""
    why = why_differs(known, is_as_sent=is_as_sent, sync=sync)
    if is_as_sent and why.reason is Reason.UNKNOWN:
        words = f"{number} is as it was posted; the order was changed in the shop since, and is not posted anew"
        return Why(Reason.CHANGED_IN_SHOP, words, "Correct it in M3 by hand if it shall not stand as it is.")
    return why


def why_missing(known: Carried | None, *, is_elsewhere: bool, sync: str) -> Why:
    """Says why M3 does not have what the shop has.

    Args:
        known: What the ledger knows.
        is_elsewhere: Whether M3 has the document the ledger knows, but as somebody else's.
        sync: The command that has the fact looked at.
    """
    standing = _standing(known)
    if standing is not None:
        return standing
    if known is None:
        return Why(Reason.UNKNOWN, NOT_HEARD_OF, sync)
    if known.m3_number is None:
        return Why(Reason.UNKNOWN, f"the connector settled it: {known.reason or 'nothing to carry across'}", sync)
    if is_elsewhere:
        return Why(Reason.EDITED_IN_M3, f"{known.m3_number} has another customer, reference or date in M3 now")
    return Why(
        Reason.DELETED_IN_M3,
        f"it was posted as {known.m3_number}, which M3 does not have any more",
        "Cancel or delete it in the shop, or enter it in M3 by hand.",
    )


def why_paid_otherwise(known: Carried | None, *, is_as_sent: bool, is_more: bool, sync: str) -> Why:
    """Says why M3 shows invoices as paid with another amount than the buyer paid.

    Args:
        known: What the ledger knows of their payment.
        is_as_sent: Whether they are paid as the batch was to pay them.
        is_more: Whether they are paid with more than the buyer paid.
        sync: The command that has the order looked at.
    """
    number = None if known is None else known.m3_number
    if is_as_sent and number is not None:
        words = f"batch {number} paid what the buyer had paid then; the order was changed in the shop since"
        return Why(Reason.CHANGED_IN_SHOP, words, "Correct it in M3 by hand (ARS110) if it shall not stand as it is.")
    if is_more:
        words = "M3 shows more as paid than the buyer paid in the shop"
        return Why(
            Reason.UNKNOWN,
            words,
            "Look in ARS200 who else paid it; take that payment off the invoice, or give it back.",
        )
    standing = _standing(known)
    if standing is not None:
        return standing
    if known is None or number is None:
        words = NOT_HEARD_OF if known is None else f"the connector settled it: {known.reason or 'nothing to pay'}"
        return Why(Reason.UNKNOWN, words, sync)
    return Why(
        Reason.DELETED_IN_M3,
        f"batch {number} paid it, and M3 does not show all of that any more",
        "Look in ARS200 who took the payment off; match it again there (ARS110) if it shall stand.",
    )


def why_left_over(known: Carried | None, *, what: str, remedy: str) -> Why:
    """Says why M3 has what the shop does not have, or does not want there."""
    return _standing(known) or Why(Reason.UNKNOWN, what, remedy)


def why_twice(numbers: str) -> Why:
    """Says that M3 has a fact more than once."""
    return Why(Reason.UNKNOWN, f"M3 has it more than once: {numbers}", "Keep one of them in M3 and end the others.")


def _standing(known: Carried | None) -> Why | None:
    """Says what the connector is about with it, or what a person decided; None if it counts as carried across."""
    if known is None:
        return None
    where = f"exchange {known.exchange_id}"
    if known.is_under_way:
        when = f", again at {known.due_at:%Y-%m-%d %H:%M:%S} UTC" if known.due_at and known.reason else ""
        return Why(Reason.IN_FLIGHT, f"{where}: {known.reason.rstrip('.') or 'is due'}{when}", known.resolution)
    if known.state is State.DEAD_LETTER:
        is_waiting = known.is_written or known.reason_code == ChangedAfterDiscardError.code
        reason = Reason.WAITING if is_waiting else Reason.REFUSED
        return Why(reason, f"{where}: {known.reason}", known.resolution)
    if known.reason_code == DISCARDED:
        return Why(Reason.SETTLED, f"{where}: {known.reason}")
    return None
