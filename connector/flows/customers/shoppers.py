"""Brings a shopper into M3: by binding, then by search key, then created from the template. Called by customers_to_m3.

The exchange is keyed by M3 company and normalised e-mail, across stores. CUNO is ours and follows from that key, so that
"already exists" is the answer to a repeated Add, and two workers can never make two customers of one shopper.
"""

from __future__ import annotations

from dataclasses import replace

from connector.errors import ConnectorError, M3RejectedError, NeedsPersonError
from connector.flows.context import Run
from connector.flows.customers import binding
from connector.flows.customers.found import check_owner, find_in_m3, other_vat_number
from connector.flows.customers.keys import company_key, digest_of, email_key, identity_of
from connector.flows.customers.lost import tell_seen, wait_for_lost
from connector.flows.customers.values import CustomerRunValues, Shopper, read_shopper, values_of
from connector.flows.customers.wanted import VRNO
from connector.flows.outcome import Done
from connector.ledger import bindings
from connector.ledger.document_records import DocumentRecord, References, StepRecord
from connector.ledger.known_customers import FORGET_IDENTITY, KEEP_IDENTITY, is_address_of_account
from connector.ledger.tables import DocumentState, StepState
from connector.ledger.trail import TrailLine
from connector.ledger.unbinding import unbound_customers
from connector.m3.programs import crs610mi
from connector.m3.rejections import already_exists, is_not_found

FLOW = "customers_to_m3"
KIND = "customer"
ADD, VAT_NUMBER = "add", "vat_number"
ADDS, CHANGES = "CRS610MI/Add", "CRS610MI/ChgFinancial"


def run_shopper(run: Run) -> Done:
    """Makes sure that the shopper has one M3 customer, and binds it.

    Raises:
        MappingError: No template is configured.
        NeedsPersonError: A customer of that number exists and is somebody else, or came out inactive.
        M3RejectedError: M3 refused the customer.
    """
    number = bindings.find_m3_key(
        run.journal.connection, bindings.CUSTOMER, shop_scope=run.store.m3_scope, shop_key=run.claim.business_key
    )
    if number is not None and run.claim.fingerprint == number:
        see_again(run, number)
        return Done(f"bound to customer {number}; its orders change nothing about it")
    if run.claim.body is None:
        return end_forgotten(run, number)
    shopper = read_shopper(run)
    unbound = unbound_customers(run.journal.connection, run.store.m3_scope, key=run.claim.business_key)
    values = values_of(run.store, key=run.claim.business_key, shopper=shopper, unbound=unbound)
    document = run.claim.live_document
    if number is None:
        found = find_in_m3(run, run.claim.business_key, shopper, values)
        is_ours = found is None or document is not None
        if found is None:
            number, document = create(run, shopper, values)
        else:
            number = found.number
            conclude_earlier(run, number)
        bind(run, shopper, number, foreign=None if is_ours else found)
    if shopper.vat_number:
        carry_vat_number(run, document, number, values)
    return Done(f"customer {number}", fingerprint=number)


def end_forgotten(run: Run, number: str | None) -> Done:
    """Ends what is left of a shopper whose data were erased in the shop: nothing is sent; what an earlier Add made is bound.

    An order that needs the customer all the same has told of it anew, and there would be a body.
    """
    document = run.claim.live_document
    if number is None and document is not None and document.cuno is not None:
        wait_for_lost(run)
        run.journal.pause()
        answer = run.store.m3.read([crs610mi.get_basic_data(document.cuno)])[0]
        number = None if is_not_found(answer.error) else crs610mi.read_customer(answer).number
        if number is not None:
            conclude_earlier(run, number)
            bind_shopper(run, number)
    if number is not None:
        return Done(f"customer {number}; what was told of it was forgotten", fingerprint=number)
    if document is not None:
        run.journal.forget_document(document.id)
    return Done("erased in the shop before M3 had the customer; nothing is sent")


def see_again(run: Run, number: str) -> None:
    """Asks M3 for a customer that is bound, if a person doubts that it still has it.

    Raises:
        NeedsPersonError: It does not: orders of the shopper would be refused.
    """
    if not run.claim.is_replay:
        return
    run.journal.pause()
    answer = run.store.m3.read([crs610mi.get_basic_data(number)])[0]
    if is_not_found(answer.error):
        raise NeedsPersonError(
            f"Customer {number} is bound to a shopper, and M3 does not have it any more.",
            resolution=f"Make customer {number} in CRS610 again, under this number; then release the exchange.",
        )
    if run.claim.body is None:  # what was told of somebody erased is forgotten
        return
    customer = crs610mi.read_customer(answer)
    email = email_key(customer.email)
    if is_address_of_account(run.journal.connection, run.store.m3_scope, number=number, email=email):
        customer = replace(customer, email="")  # its login changed it since
    check_owner(customer, read_shopper(run))


def bind(run: Run, shopper: Shopper, number: str, *, foreign: crs610mi.Customer | None) -> None:
    """Stages the binding of the shopper, and of the account if there is one, and which company the customer stands for.

    A customer that was there before (`foreign`) becomes the account's only if its login proves it, and stands for the order's
    company only if M3 calls it so: the order proves neither.
    """
    bind_shopper(run, number)
    if shopper.customer_id and foreign is None:
        binding.bind(run, account=shopper.customer_id, number=number)
    elif shopper.customer_id:
        binding.ask_for_proof(run, shopper.customer_id)
    company = identity_of(run.store.config.customers, shopper.billing, ()).company
    if foreign is not None and company_key(foreign.name) != company:
        run.journal.stage(FORGET_IDENTITY, m3_scope=run.store.m3_scope, number=number)
        return
    vat_number = digest_of(shopper.vat_number) if shopper.vat_number and foreign is None else ""
    run.journal.stage(KEEP_IDENTITY, m3_scope=run.store.m3_scope, number=number, company=company, vat_number=vat_number)


def bind_shopper(run: Run, number: str) -> None:
    """Stages that the shopper is a customer of M3."""
    bindings.bind(
        run.journal.connection,
        bindings.CUSTOMER,
        shop_scope=run.store.m3_scope,
        shop_key=run.claim.business_key,
        m3_scope=run.store.m3_scope,
        m3_key=number,
        exchange_id=run.claim.exchange_id,
    )


def conclude_earlier(run: Run, number: str) -> None:
    """Writes down that the customer an earlier run began to add is there, so that no document of it stays open."""
    document = run.claim.live_document
    if document is None:
        return
    last = document.step(ADD)
    if last is not None and last.is_open:
        tell_seen(run, last, ADDS, key=number, is_there=True)
    run.journal.change_document(document.id, state=DocumentState.CONFIRMED, final_number=number)


def create(run: Run, shopper: Shopper, values: CustomerRunValues) -> tuple[str, DocumentRecord]:
    """CRS610MI/Add with our number; "already exists" means that an earlier Add took effect, and is checked as found."""
    roots = {"billing": shopper.billing.named, "run": values, "store": run.store.config.m3}
    mapped = run.store.mappings[FLOW].apply("add", values=roots)
    document = run.claim.live_document or begin(run, values.customer_number)
    lost = document.step(ADD)
    call = crs610mi.add(mapped.fields)
    told = TrailLine(
        action=run.store.m3.name_of(call),
        system="m3",
        key=values.customer_number,
        after={"ALCU": values.search_key},
        why="; ".join(f"{note.field}: {note.what}" for note in mapped.notes),
    )
    intent = run.journal.intend(document.id, ADD, request=mapped.fields, told=[told], part=None)
    answer = run.journal.send(intent, lambda: run.store.m3.write([call])[0])
    if already_exists(answer.error):
        run.journal.mark(intent, StepState.REFUSED, {"code": "exists"})
        run.journal.commit()
        existing = run.store.m3.read([crs610mi.get_basic_data(values.customer_number)])[0]
        number = check_owner(crs610mi.read_customer(existing), shopper).number
        _conclude_lost(run, lost, is_there=True, number=number)
        run.journal.change_document(document.id, state=DocumentState.CONFIRMED, final_number=number)
        return number, document
    if answer.error is not None:
        run.journal.mark(intent, StepState.REFUSED, {"code": answer.error.code})
        raise _refusal(answer.error, values.template)
    added = crs610mi.read_added(answer)
    _conclude_lost(run, lost, is_there=False, number=added.number)
    run.journal.mark(intent, StepState.DONE, {"number": added.number})
    run.journal.change_document(document.id, state=DocumentState.CONFIRMED, final_number=added.number)
    run.journal.tell([replace(told, key=added.number)])
    return added.number, document


def begin(run: Run, number: str) -> DocumentRecord:
    """Begins the document of a customer."""
    return run.journal.begin_document(KIND, m3_scope=run.store.m3_scope, references=References(cuno=number), plan={})


def carry_vat_number(run: Run, document: DocumentRecord | None, number: str, values: CustomerRunValues) -> None:
    """CRS610MI/ChgFinancial with the VAT number, which Add does not take; absolute, so it may be written twice.

    It is only compared where the customer was there before (no document): an order proves nothing about it.

    Raises:
        NeedsPersonError: The customer has another VAT number in M3: it may be another company.
        M3RejectedError: M3 refused the number; the customer is bound all the same.
    """
    roots = {"run": values, "store": run.store.config.m3}
    fields = run.store.mappings[FLOW].apply("financial", values=roots).fields
    if not fields:
        return
    run.journal.pause()
    held = crs610mi.read_fields(
        run.store.m3.read([crs610mi.get_fields("customer.financial", number, names=[VRNO])])[0]
    ).get(VRNO, "")
    lost = document.step(VAT_NUMBER) if document is not None else None
    if lost is not None and lost.is_open:
        tell_seen(run, lost, CHANGES, key=number, is_there=held == fields.get(VRNO), changed=sorted(fields))
    if held == fields.get(VRNO, held):
        return
    if held:
        raise other_vat_number(number)
    if document is None:
        return
    call = crs610mi.change_financial(number, fields)
    told = TrailLine(action=run.store.m3.name_of(call), system="m3", key=number, after={"changed": sorted(fields)})
    intent = run.journal.intend(document.id, VAT_NUMBER, request=fields, told=[told], part=None)
    answer = run.journal.send(intent, lambda: run.store.m3.write([call])[0])
    run.journal.change_document(document.id, state=DocumentState.CONFIRMED, final_number=number)
    if answer.error is not None:
        run.journal.mark(intent, StepState.REFUSED, {"code": answer.error.code})
        raise answer.error
    run.journal.mark(intent, StepState.DONE, {})
    run.journal.tell([told])


def _conclude_lost(run: Run, lost: StepRecord | None, *, is_there: bool, number: str) -> None:
    """Says of an Add whose answer was lost what the next one showed: M3 makes a number once, so one of them was none."""
    if lost is not None and lost.is_open:
        tell_seen(run, lost, ADDS, key=number, is_there=is_there)


def _refusal(error: ConnectorError, template: str) -> ConnectorError:
    """A template that M3 does not know is waited for: it may be created, or the store file corrected."""
    if isinstance(error, M3RejectedError) and error.field == "CUTM":
        return NeedsPersonError(
            f"M3 has no template customer {template}: {error.message}",
            resolution="Create it in CRS610, or correct customers.template in the store file (`connector store add`); the "
            "customer is then created by itself.",
        )
    return error
