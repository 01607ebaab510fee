"""Follows an account of the shop: what it says and M3 has otherwise is written, field by field, and read back.

Called by accounts.py. Every write is absolute, so one whose answer was lost is waited out and compared again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connector.errors import NeedsPersonError, NotYetError
from connector.flows import tenure
from connector.flows.context import Run
from connector.flows.customers.keys import identity_of
from connector.flows.customers.lost import tell_lost
from connector.flows.customers.places import require_places
from connector.flows.customers.wanted import PARTS, Difference, Held, Wanted, compact, differences, read_held, wanted_of
from connector.flows.customers.withdrawing import require_taken_off
from connector.flows.outcome import Done
from connector.ledger.document_records import DocumentRecord, References
from connector.ledger.known_customers import KEEP_IDENTITY, KnownCustomer
from connector.ledger.tables import StepState
from connector.ledger.trail import TrailLine
from connector.m3.rejections import already_exists, is_not_found
from connector.publishing.customers import Accounts, CustomerPart, InvalidVatNumber, Master
from connector.woocommerce.models import Customer

KIND = "account"
SOON_S = 5.0


def follow(run: Run, config: Accounts, customer: Customer, known: KnownCustomer, *, shown: str | None) -> Done:
    """Brings M3 what the account says; `shown`: digest of the VAT number it showed before, None if nobody knows."""
    number = known.number
    wanted = wanted_of(run.store, customer, config, number=number)
    held = _look(run, config, number)
    require_same_company(wanted, held, number=number)
    due = differences(config, wanted, held, number=number)
    document = drop_change_of_other(run, number)
    if document is not None:
        tell_lost(run, document, shows=lambda name: name not in {one.name for one in due})
    if due:
        require_places(run.store, customer, due)
        tenure.require(run)
        document = run.journal.replan(document or _begin(run, number), _sent(run, due))
        missed = [one for one in due if not write(run, document, number, one, wanted.notes)]
        require_held(run, config, wanted, number=number, missed=missed)
    if document is not None:
        run.journal.forget_document(document.id)
    _keep_identity(run, customer, number, vat_number=known.vat_number if held.vat_number else "")
    require_taken_off(run, config, customer, wanted=wanted, held=held, known=known, shown=shown)
    return Done(_said(run, number, due, wanted) + _besides(config, wanted, held), fingerprint=wanted.fingerprint)


def require_same_company(wanted: Wanted, held: Held, *, number: str) -> None:
    """Lets nothing be written where M3 and the shop name two VAT numbers.

    Raises:
        NeedsPersonError: They do: it may be another company.
    """
    if wanted.vat_number and held.vat_number and compact(wanted.vat_number) != compact(held.vat_number):
        raise NeedsPersonError(
            f"Customer {number} has another VAT number in M3 than the account in the shop, so nothing was written.",
            resolution=f"Is it the same company? Correct the number of customer {number} in CRS610, or in the shop. If the "
            "account belongs to another company now, make it a customer of its own in M3 and discard this exchange.",
        )


def write(run: Run, document: DocumentRecord, number: str, due: Difference, notes: Sequence[str]) -> bool:
    """Sends one write; False if the record came or went meanwhile, so that it has to be looked at again.

    Raises:
        OutcomeUnknownError: The next run looks first, when the write can arrive no more.
        M3RejectedError: M3 refused it.
    """
    name, changed = run.store.m3.name_of(due.call), {"changed": sorted(due.fields)}
    told = TrailLine(action=name, system="m3", key=number, after=changed, why="; ".join(notes))
    intent = run.journal.intend(document.id, due.name, request=due.call.fields, told=[told], part=None)
    answer = run.journal.send(intent, lambda: run.store.m3.write([due.call])[0])
    if answer.error is not None:
        run.journal.mark(intent, StepState.REFUSED, {"code": answer.error.code})
        if already_exists(answer.error) or is_not_found(answer.error):
            return False
        raise answer.error
    run.journal.mark(intent, StepState.DONE, {})
    run.journal.tell([told])
    return True


def require_held(run: Run, config: Accounts, wanted: Wanted, *, number: str, missed: Sequence[Difference]) -> None:
    """Reads back what was written.

    Raises:
        NotYetError: A record came or went meanwhile.
        NeedsPersonError: M3 took a change and shows something else.
    """
    left = differences(config, wanted, _look(run, config, number), number=number)
    fields = sorted({name for one in left for name in one.fields})
    if missed and left:
        raise NotYetError(
            f"A record of customer {number} came or went in M3 meanwhile.",
            retry_after_s=SOON_S,
            resolution="Nothing to do: it is compared again.",
        )
    if left:
        raise NeedsPersonError(
            f"M3 took the change of customer {number} but still shows another value in {', '.join(fields)}.",
            resolution="Look at the customer in CRS610: the field may be locked there. Else take it out of "
            "config/mappings/customers_to_m3.yaml, or give the part to M3 under customers.accounts.owners.",
        )


def drop_change_of_other(run: Run, number: str | None) -> DocumentRecord | None:
    """Returns the change that an earlier run began of this customer; what was begun of one it is not any more is dropped."""
    document = run.claim.live_document
    if document is None or document.cuno == number:
        return document
    run.journal.forget_document(document.id)
    return None


def _look(run: Run, config: Accounts, number: str) -> Held:
    run.journal.pause()
    held = read_held(run.store, config, number=number)
    if held is None:
        raise NeedsPersonError(
            f"M3 has no customer {number} any more, so a change of its account has no place.",
            resolution=f"Make customer {number} again in CRS610, or discard this exchange.",
        )
    return held


def _sent(run: Run, due: Sequence[Difference]) -> dict[str, Any]:
    """What the audit trail is to say of each write if its answer is lost."""
    return {one.name: {"call": run.store.m3.name_of(one.call), "changed": sorted(one.fields)} for one in due}


def _begin(run: Run, number: str) -> DocumentRecord:
    return run.journal.begin_document(KIND, m3_scope=run.store.m3_scope, references=References(cuno=number), plan={})


def _besides(config: Accounts, wanted: Wanted, held: Held) -> str:
    """Says which telephone numbers M3 has that the shop does not: whether they were ever there, nobody knows."""
    is_shops = config.owner(CustomerPart.PHONE) is Master.SHOP
    kept = sorted(
        name
        for name, value in held.basic.items()
        if is_shops and PARTS.get(name) is CustomerPart.PHONE and value.strip() and not wanted.basic.get(name)
    )
    return f"; M3 also has {', '.join(kept)}, empty in the shop" if kept else ""


def _keep_identity(run: Run, customer: Customer, number: str, *, vat_number: str) -> None:
    """Keeps for which company the customer stands; `vat_number`: the digest of one that only M3 has any more."""
    identity = identity_of(run.store.config.customers, customer.billing, customer.meta_data)
    run.journal.stage(
        KEEP_IDENTITY,
        m3_scope=run.store.m3_scope,
        number=number,
        company=identity.company,
        vat_number=identity.vat_number or vat_number,
    )


def _said(run: Run, number: str, due: Sequence[Difference], wanted: Wanted) -> str:
    fields = sorted({name for one in due for name in one.fields})
    words = f"{', '.join(fields)} of customer {number} written" if fields else f"customer {number} holds it already"
    if not wanted.is_wrong_vat:
        return words
    if run.store.config.customers.vat_numbers.invalid is InvalidVatNumber.PERSON:
        raise NeedsPersonError(
            f"The VAT number of the account of customer {number} cannot be one; everything else is in M3.",
            resolution="Correct it in the shop; M3 has none or the old one until then.",
        )
    return f"{words}; its VAT number cannot be one and was left out"
