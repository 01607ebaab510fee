"""Says why a figure differs, from what the ledger knows of the fact. Pure; called by the modules that compare.

The ledger explains and never hides: with an empty one the same differences are found, each with the reason `unknown`. A reason
counts only where it is proven: what the shop asked for then and now, and what M3 held then and holds now, have to make it up. What
is left over is unknown, whoever it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connector.errors import ChangedAfterDiscardError
from connector.flows.reconciling.result import Reason, Why
from connector.ledger.carried import Carried
from connector.ledger.discards import DISCARDED
from connector.ledger.tables import State

NOT_HEARD_OF = "the connector has not heard of it"
BY_PERSON = "a person settled what came after"


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What is seen of a fact that M3 has otherwise than the shop.

    Attributes:
        is_as_sent: M3 holds what was sent last.
        is_as_asked: The shop asks for what it asked for when that was sent.
        is_accepted: It asks for what a person settled after that.
        change: What becomes of its change in the shop; None if nobody knows of one.
    """

    is_as_sent: bool
    is_as_asked: bool
    is_accepted: bool = False
    change: Why | None = None


def why_differs(known: Carried | None, proof: Proof, *, sync: str) -> Why:
    """Says why M3 holds something else than the shop.

    Args:
        known: What the ledger knows.
        proof: What is seen.
        sync: The command that has the fact looked at.
    """
    standing = standing_of(known, is_in_m3=True)
    if standing is not None:
        return standing
    if known is None or known.expected is None:
        return Why(Reason.UNKNOWN, NOT_HEARD_OF if known is None else "the ledger does not say what was sent", sync)
    if proof.is_accepted:
        return Why(Reason.SETTLED, f"exchange {known.exchange_id}: {BY_PERSON}")
    if known.m3_number is None:
        return Why(Reason.UNKNOWN, "M3 was never seen to hold what was sent", sync)
    if not proof.is_as_sent and proof.is_as_asked:
        return Why(Reason.EDITED_IN_M3, f"{known.m3_number} held what was sent; somebody changed it in M3")
    return Why(Reason.UNKNOWN, _what_is_seen(proof), sync)


def _what_is_seen(proof: Proof) -> str:
    if not proof.is_as_sent:
        return "both sides were changed since it was sent: M3's by somebody, the shop's unheard"
    if proof.is_as_asked:
        return "M3 holds what was sent, and the shop asks for what it asked for then: something else was sent"
    return "M3 holds what was sent; the shop's side was changed since, unheard"


def why_posted_otherwise(known: Carried | None, proof: Proof, *, number: str, sync: str) -> Why:
    """Says why a voucher of M3 has other amounts than the shop asks for now; as `why_differs`, but it is posted once.

    That its exchange is under way, or waits for a person, accounts only for what the shop has changed since.
    """
    if known is None or known.expected is None or not proof.is_as_sent or proof.is_accepted:
        return why_differs(known, proof, sync=sync)
    if known.reason_code == DISCARDED:
        return why_differs(known, proof, sync=sync)
    if proof.is_as_asked:
        words = f"{number} is as it was posted, and the order is as it was: fees or the store file ask for something else now"
        return Why(Reason.UNKNOWN, words, "Compare with the accounts and fees of the store file; correct it in GLS200.")
    return standing_of(known, is_in_m3=True) or _changed(proof, f"{number} is as it was posted", by_hand=BY_HAND)


BY_HAND = "Correct it in M3 by hand if it shall not stand as it is."


def _changed(proof: Proof, what: str, *, by_hand: str) -> Why:
    """Says that a fact is as the shop asked for then; known is why if the change itself is known."""
    words = f"{what}; the order was changed in the shop since"
    if proof.change is None or proof.change.reason is Reason.UNKNOWN:
        told = "unheard" if proof.change is None else proof.change.words
        return Why(Reason.UNKNOWN, f"{words}, {told}", by_hand)
    return Why(Reason.CHANGED_IN_SHOP, f"{words}, and is not posted anew: {proof.change.words}", by_hand)


def why_changed(sale: Carried | None, *, is_carried: bool, is_accepted: bool) -> Why | None:
    """Says what becomes of an order's change in the shop; None if nobody knows of it.

    Args:
        sale: What the ledger knows of the order, or of its invoice.
        is_carried: Whether the order as it is now was carried to M3.
        is_accepted: Whether a person settled it as it is now.
    """
    if sale is None:
        return None
    if is_accepted:
        return Why(Reason.SETTLED, f"exchange {sale.exchange_id}: {BY_PERSON}")
    if is_carried and sale.state is State.DONE:
        return Why(Reason.CHANGED_IN_SHOP, "M3's order was brought to it")
    return standing_of(sale, is_in_m3=True)


def why_missing(known: Carried | None, *, elsewhere: Sequence[str] | None, sync: str) -> Why:
    """Says why M3 does not have what the shop has.

    Args:
        known: What the ledger knows.
        elsewhere: The references of what M3 has under the number that ledger, shop or a person name; None: nobody looked.
        sync: The command that has the fact looked at.
    """
    standing = standing_of(known, is_in_m3=False)
    by_hand = None if known is None else known.entered_as
    if (
        standing is not None
        and standing.reason is Reason.SETTLED
        and by_hand
        and elsewhere is not None
        and not elsewhere
    ):
        words = f"{standing.words}; M3 has no order {by_hand}"
        return Why(
            Reason.UNKNOWN,
            words,
            "Say by which number M3 has it: connector dead-letters discard ID --entered-as NUMBER.",
        )
    if standing is not None:
        return standing
    if known is None:
        return Why(Reason.UNKNOWN, NOT_HEARD_OF, sync)
    if known.m3_number is None:
        return Why(Reason.UNKNOWN, f"the connector settled it: {known.reason or 'nothing to carry across'}", sync)
    if elsewhere:
        words = (
            f"it was posted as {known.m3_number}, which M3 has under the reference {' '.join(elsewhere) or '(none)'}"
        )
        remedy = "Look in OIS300 whose order that is; give it its reference back, or have this one entered anew."
        return Why(Reason.UNKNOWN, words, remedy)
    return Why(
        Reason.DELETED_IN_M3,
        f"it was posted as {known.m3_number}, which M3 does not have any more",
        "Cancel or delete it in the shop, or enter it in M3 by hand.",
    )


def why_paid_otherwise(known: Carried | None, proof: Proof, *, is_more: bool, sync: str) -> Why:
    """Says why M3 shows invoices as paid with another amount than the buyer paid.

    Args:
        known: What the ledger knows of their payment.
        proof: What is seen; `is_as_asked` unless what the batch paid is what the shop, with another total, asked for then.
        is_more: Whether they are paid with more than the buyer paid.
        sync: The command that has the order looked at.
    """
    number = None if known is None else known.m3_number
    if proof.is_as_sent and number is not None:
        if not proof.is_as_asked:
            return _changed(proof, f"batch {number} paid what the buyer had paid then", by_hand=f"{BY_HAND} (ARS110)")
        words = f"batch {number} is posted as it was sent, and that is not what the buyer paid"
        return Why(
            Reason.UNKNOWN,
            words,
            "Correct the payment in ARS110; what was sent is shown by `connector exchanges show`.",
        )
    if is_more:
        words = "M3 shows more as paid than the buyer paid in the shop"
        return Why(
            Reason.UNKNOWN,
            words,
            "Look in ARS200 who else paid it; take that payment off the invoice, or give it back.",
        )
    standing = standing_of(known, is_in_m3=False)
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
    if known is not None and known.is_end_accepted and not known.is_under_way:
        return Why(Reason.SETTLED, f"exchange {known.exchange_id}: {BY_PERSON}")
    return standing_of(known, is_in_m3=True) or Why(Reason.UNKNOWN, what, remedy)


def why_twice(numbers: str) -> Why:
    """Says that M3 has a fact more than once."""
    return Why(Reason.UNKNOWN, f"M3 has it more than once: {numbers}", "Keep one of them in M3 and end the others.")


def standing_of(known: Carried | None, *, is_in_m3: bool) -> Why | None:
    """Says what the connector is about with it, or what a person decided; None if it counts as carried across.

    Args:
        known: What the ledger knows.
        is_in_m3: Whether M3 has something of it, so that it was not refused before anything was written.
    """
    if known is None:
        return None
    where = f"exchange {known.exchange_id}"
    if known.is_under_way:
        return _under_way(known, where)
    if known.state is State.DEAD_LETTER:
        if known.is_written or known.reason_code == ChangedAfterDiscardError.code:
            return Why(Reason.WAITING, f"{where}: {known.reason}", known.resolution)
        if is_in_m3:
            words = f"M3 has it, and {where} wrote nothing of it: {known.reason}"
            return Why(Reason.UNKNOWN, words, "Look in M3 who entered it; end it there, or discard the exchange.")
        return Why(Reason.REFUSED, f"{where}: {known.reason}", known.resolution)
    if known.reason_code == DISCARDED:
        return Why(Reason.SETTLED, f"{where}: {known.reason}")
    return None


def _under_way(known: Carried, where: str) -> Why:
    if known.is_left_lying:
        words = (
            f"{where} is due since an hour or more, and nothing carries it: {known.reason.rstrip('.') or 'no run yet'}"
        )
        return Why(Reason.UNKNOWN, words, "Look at the pools and the sweeper: connector status.")
    when = f", again at {known.due_at:%Y-%m-%d %H:%M:%S} UTC" if known.due_at and known.reason else ""
    return Why(Reason.IN_FLIGHT, f"{where}: {known.reason.rstrip('.') or 'is due'}{when}", known.resolution)
