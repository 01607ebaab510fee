"""Brings a shopper into M3: by binding, then by search key, then created from the template. Run by workers/base.py.

The exchange is keyed by M3 company and normalised e-mail, across stores. CUNO is ours and follows from that key, so that
"already exists" is the answer to a repeated Add, and two workers can never make two customers of one shopper.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from connector.errors import ConnectorError, InvalidPayloadError, M3RejectedError, MappingError, NeedsPersonError
from connector.flows.context import Run
from connector.flows.outcome import Done
from connector.ledger import bindings
from connector.ledger.claims import StepRecord
from connector.ledger.steps import References
from connector.ledger.tables import DocumentState, StepState
from connector.m3.programs import crs610mi
from connector.m3.rejections import already_exists, is_not_found
from connector.woocommerce.models import Address

FLOW = "customers_to_m3"
KIND = "customer"
ADD = "add"
NUMBER_LENGTH = 10
SEARCH_KEY_LENGTH = 10
ACTIVE = "20"


class Shopper(BaseModel):
    """A shopper as left by the order flow or taken from a customer webhook."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    email: str
    customer_id: int = 0
    billing: Address

    @property
    def normalised_email(self) -> str:
        """The e-mail by which shoppers are told apart."""
        return self.email.strip().casefold()


@dataclass(frozen=True)
class CustomerRunValues:
    """The `run` root of config/mappings/customers_to_m3.yaml."""

    customer_number: str
    template: str
    search_key: str
    reference: str
    email: str


def run(run: Run) -> Done:
    """Makes sure that the shopper has one M3 customer, and binds it.

    Raises:
        MappingError: No template is configured.
        NeedsPersonError: A customer of that number exists and is somebody else, or came out inactive.
        M3RejectedError: M3 refused the customer.
    """
    bound = bindings.find_m3_key(
        run.journal.connection, bindings.CUSTOMER, shop_scope=run.store.m3_scope, shop_key=run.claim.business_key
    )
    if bound is not None:
        see_again(run, bound)
        return Done(f"bound to customer {bound}; M3 is the master of its fields")
    shopper = read_shopper(run)
    values = values_of(run, shopper)
    found = find_in_m3(run, shopper, values)
    if found is None:
        found = create(run, shopper, values)
    else:
        conclude_earlier(run, found)
    bindings.bind(
        run.journal.connection,
        bindings.CUSTOMER,
        shop_scope=run.store.m3_scope,
        shop_key=run.claim.business_key,
        m3_scope=run.store.m3_scope,
        m3_key=found,
        exchange_id=run.claim.exchange_id,
    )
    return Done(f"customer {found}", fingerprint=found)


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
    check_owner(crs610mi.read_customer(answer), read_shopper(run))


def read_shopper(run: Run) -> Shopper:
    """Reads the newest body of the exchange."""
    try:
        body: Any = json.loads(run.claim.body or b"null")
        return Shopper.model_validate(body)
    except (ValueError, ValidationError):
        raise InvalidPayloadError(
            "What is stored about this customer cannot be read.",
            resolution="Save the customer or its newest order again in the shop, so that it is sent anew.",
        ) from None


def values_of(run: Run, shopper: Shopper) -> CustomerRunValues:
    """Makes number and keys from the exchange's key.

    Raises:
        MappingError: The store has no template customer.
    """
    config = run.store.config.customers
    if not config.template:
        raise MappingError(
            f"Store {run.store.name} creates customers but names no template.",
            rule="customers.template",
            field="CUTM",
            resolution="Set customers.template in the store file to a customer of CRS610 to copy from.",
        )
    return CustomerRunValues(
        customer_number=number_of(f"{run.store.m3_scope}/{run.claim.business_key}", prefix=config.number_prefix),
        template=config.template,
        search_key=search_key_of(run.store.name, shopper.customer_id, run.claim.business_key),
        reference=str(shopper.customer_id) if shopper.customer_id else f"{run.store.name}-guest",
        email=shopper.email.strip(),
    )


def number_of(key: str, *, prefix: str) -> str:
    """Returns the customer number that belongs to a key: `prefix` and base 32 digits, ten characters in all."""
    digits = base64.b32encode(hashlib.sha256(key.encode()).digest()).decode()
    return prefix + digits[: NUMBER_LENGTH - len(prefix)]


def search_key_of(store: str, customer_id: int, key: str) -> str:
    """Returns ALCU: `<store><shop customer id>`, or a digest where that does not fit or the shopper is a guest."""
    plain = f"{store.upper()}{customer_id}"
    return plain if customer_id and len(plain) <= SEARCH_KEY_LENGTH else number_of(key, prefix="G")


def find_in_m3(run: Run, shopper: Shopper, values: CustomerRunValues) -> str | None:
    """Looks for the shopper by our number and by search key, in one bulk; e-mail must match.

    Raises:
        NeedsPersonError: Our number is taken by somebody with another e-mail.
    """
    run.journal.pause()
    calls = [crs610mi.get_basic_data(values.customer_number), crs610mi.list_by_search_key(values.search_key)]
    own, listed = run.store.m3.read(calls, max_records=20)
    if not is_not_found(own.error):
        return check_owner(crs610mi.read_customer(own), shopper)
    same_key = crs610mi.read_found(listed, search_key=values.search_key)
    matching = [one for one in same_key if one.email.strip().casefold() == shopper.normalised_email]
    return check_owner(matching[0], shopper) if matching else None


def conclude_earlier(run: Run, number: str) -> None:
    """Writes down that the customer an earlier run began to add is there, so that no document of it stays open."""
    document = run.claim.live_document
    if document is None:
        return
    last = document.step(ADD)
    if last is not None and last.state is not StepState.REFUSED:
        run.journal.resolve(last.id, StepState.DONE, {"number": number})
    run.journal.change_document(document.id, state=DocumentState.CONFIRMED, final_number=number)


def check_owner(customer: crs610mi.Customer, shopper: Shopper) -> str:
    """Returns the number of a customer that is this shopper and may order.

    Raises:
        NeedsPersonError: It has another e-mail, or is not active.
    """
    if customer.email and customer.email.strip().casefold() != shopper.normalised_email:
        raise NeedsPersonError(
            f"Customer {customer.number} exists in M3 with another e-mail address.",
            resolution=f"Compare customer {customer.number} in CRS610 with the shop's; correct the e-mail there or here.",
        )
    if customer.status != ACTIVE:
        raise NeedsPersonError(
            f"Customer {customer.number} has status {customer.status} in M3; orders need {ACTIVE}.",
            resolution=f"Complete and activate customer {customer.number} in CRS610.",
        )
    return customer.number


def create(run: Run, shopper: Shopper, values: CustomerRunValues) -> str:
    """CRS610MI/Add with our number; "already exists" means that an earlier Add took effect, and is checked as found."""
    roots = {"billing": shopper.billing, "run": values, "store": run.store.config.m3}
    mapped = run.store.mappings[FLOW].apply("add", values=roots)
    document = run.claim.live_document or run.journal.begin_document(
        KIND, m3_scope=run.store.m3_scope, references=References(cuno=values.customer_number), plan={}
    )
    lost = document.step(ADD)
    intent = run.journal.intend(document.id, ADD, request=mapped.fields, part=None)
    answer = run.journal.send(intent, lambda: run.store.m3.write([crs610mi.add(mapped.fields)])[0])
    if already_exists(answer.error):
        run.journal.mark(intent, StepState.REFUSED, {"code": "exists"})
        run.journal.commit()
        existing = run.store.m3.read([crs610mi.get_basic_data(values.customer_number)])[0]
        number = check_owner(crs610mi.read_customer(existing), shopper)
        _conclude_lost(run, lost, StepState.DONE)
        run.journal.change_document(document.id, state=DocumentState.CONFIRMED, final_number=number)
        return number
    if answer.error is not None:
        run.journal.mark(intent, StepState.REFUSED, {"code": answer.error.code})
        raise _refusal(answer.error, values.template)
    added = crs610mi.read_added(answer)
    _conclude_lost(run, lost, StepState.REFUSED)
    run.journal.mark(intent, StepState.DONE, {"number": added.number})
    run.journal.change_document(document.id, state=DocumentState.CONFIRMED, final_number=added.number)
    run.journal.audit(
        "CRS610MI/Add",
        system="m3",
        key=added.number,
        after={"ALCU": values.search_key},
        why="; ".join(f"{note.field}: {note.what}" for note in mapped.notes),
    )
    return added.number


def _conclude_lost(run: Run, lost: StepRecord | None, state: StepState) -> None:
    """Says of an Add whose answer was lost what the next one showed: M3 makes a number once, so one of them was none."""
    if lost is not None and lost.state is StepState.UNKNOWN:
        run.journal.resolve(lost.id, state, {"known_by": "the next Add"})


def _refusal(error: ConnectorError, template: str) -> ConnectorError:
    """A template that M3 does not know is waited for: it may be created, or the store file corrected."""
    if isinstance(error, M3RejectedError) and error.field == "CUTM":
        return NeedsPersonError(
            f"M3 has no template customer {template}: {error.message}",
            resolution="Create it in CRS610, or correct customers.template in the store file (`connector store add`); the "
            "customer is then created by itself.",
        )
    return error
