"""What M3 is to hold of an account, by the mapping file and the masters of its parts, and what it holds. Used by following.py."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from connector.flows.context import StoreContext
from connector.flows.customers.keys import vat_number_of
from connector.flows.customers.values import CustomerRunValues
from connector.m3.calls import Call
from connector.m3.programs import crs111mi, crs610mi, customer_addresses
from connector.m3.rejections import is_not_found
from connector.publishing.customers import Accounts, CustomerPart, Master
from connector.woocommerce.models import Address, Customer

FLOW = "customers_to_m3"
CHANGE, FINANCIAL, ADDRESS = "change", "financial", "delivery_address"
"""Records of the mapping file."""

VRNO, MAIL = "VRNO", "MAIL"
ADDRESS_WRITE = "address"
"""The write of that record."""

LONGEST_EMAIL = 60
"""EMAL of CRS111MI."""

PARTS: Mapping[str, CustomerPart] = {
    "CUNM": CustomerPart.NAME,
    **dict.fromkeys(("CUA1", "CUA2", "CUA3", "CUA4", "PONO", "TOWN", "CSCD", "ECAR"), CustomerPart.ADDRESS),
    **dict.fromkeys(("PHNO", "PHN2", "TFNO"), CustomerPart.PHONE),
    MAIL: CustomerPart.EMAIL,
}
"""Which part of a customer a field of CRS610MI/ChgBasicData belongs to; what the mapping file adds is the shop's."""


@dataclass(frozen=True)
class Wanted:
    """Fields by M3's names. `address` is None where the account has none of its own; `is_wrong_vat`: its number can be none."""

    basic: dict[str, str]
    vat_number: str = ""
    address: dict[str, str] | None = None
    email: str = ""
    is_wrong_vat: bool = False
    notes: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """The digest by which a change is told."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Held:
    """What M3 holds of the same; None where it has no such record."""

    basic: dict[str, str]
    vat_number: str = ""
    address: dict[str, str] | None = None
    email: str | None = None


@dataclass(frozen=True)
class Difference:
    """One write that is due. `fields` are those that differ, for the audit trail: their values belong to a person."""

    name: str
    call: Call
    fields: tuple[str, ...] = field(default=())


def wanted_of(store: StoreContext, customer: Customer, config: Accounts, *, number: str) -> Wanted:
    """Returns what M3 is to hold.

    Raises:
        MappingError: A value cannot be placed; names the rule, never the value.
    """
    found = vat_number_of(store.config.customers, customer.billing, customer.meta_data)
    is_valid = found is not None and found.is_valid
    email = (customer.billing.email or customer.email).strip()
    values = CustomerRunValues(number, "", "", str(customer.id), email, found.number if found and is_valid else "")
    customer = customer.named
    roots = {"billing": customer.billing, "shipping": customer.shipping, "run": values, "store": store.config.m3}
    mapping = store.mappings[FLOW]
    change = mapping.apply(CHANGE, values=roots)
    notes = list(change.notes)
    address = None
    if _is_of_shop(config, CustomerPart.DELIVERY_ADDRESS) and config.delivery_address and has_own_delivery(customer):
        mapped = mapping.apply(ADDRESS, values=roots)
        address = mapped.fields
        notes += mapped.notes
    is_shops = _is_of_shop(config, CustomerPart.VAT_NUMBER)
    return Wanted(
        basic={name: value for name, value in change.fields.items() if is_field_of_shop(config, name)},
        vat_number=mapping.apply(FINANCIAL, values=roots).fields.get(VRNO, "") if is_shops else "",
        address=address,
        email=email if carries_email(config) and len(email) <= LONGEST_EMAIL else "",
        is_wrong_vat=is_shops and found is not None and not is_valid,
        notes=tuple(f"{note.field}: {note.what}" for note in notes),
    )


def has_own_delivery(customer: Customer) -> bool:
    """Tells whether goods go elsewhere than the bill."""
    if not customer.shipping.has_street:
        return False
    return any(getattr(customer.shipping, name) != getattr(customer.billing, name) for name in _PLACE)


def read_held(store: StoreContext, config: Accounts, *, number: str) -> Held | None:
    """Reads what M3 holds; None if it has no such customer.

    Raises:
        ConnectorError: M3 cannot be asked now, or refuses a program.
    """
    mapping = store.mappings[FLOW]
    names = {rule.field for rule in mapping.records[CHANGE].rules}
    places = {rule.field for rule in mapping.records[ADDRESS].rules}
    address = config.delivery_address
    calls = [
        crs610mi.get_fields("customer.basic", number, names=names),
        crs610mi.get_fields("customer.financial", number, names=[VRNO]),
        *([customer_addresses.get_address(number, address=address, names=places)] if address else []),
        *([crs111mi.get_email(number, kind=config.email_type)] if carries_email(config) else []),
    ]
    basic, financial, *others = store.m3.read(calls)
    if is_not_found(basic.error):
        return None
    there = [None if is_not_found(one.error) else one for one in others]
    found_address = there.pop(0) if address else None
    found_email = there.pop(0) if carries_email(config) else None
    return Held(
        basic=crs610mi.read_fields(basic),
        vat_number=crs610mi.read_fields(financial).get(VRNO, ""),
        address=None if found_address is None else customer_addresses.read_address(found_address),
        email=None if found_email is None else crs111mi.read_email(found_email),
    )


def differences(config: Accounts, wanted: Wanted, held: Held, *, number: str) -> list[Difference]:
    """Returns the writes that bring M3 what differs, each with the fields that do and nothing else."""
    found = []
    changed = _differing(wanted.basic, held.basic)
    if changed:
        found.append(Difference(CHANGE, crs610mi.change_basic_data(number, changed), tuple(changed)))
    if wanted.vat_number and not held.vat_number:
        call = crs610mi.change_financial(number, {VRNO: wanted.vat_number})
        found.append(Difference(FINANCIAL, call, (VRNO,)))
    found += _of_address(config, wanted, held, number=number)
    if wanted.email and wanted.email != held.email:
        write = crs111mi.add_email if held.email is None else crs111mi.change_email
        found.append(Difference("email", write(number, kind=config.email_type, email=wanted.email), ("EMAL",)))
    return found


def kept_by_m3(store: StoreContext, config: Accounts, wanted: Wanted, held: Held) -> list[str]:
    """Returns the address fields that are empty in the shop and filled in M3: no transaction is known to empty a field."""
    mapping = store.mappings[FLOW]
    ours = [rule.field for rule in mapping.records[CHANGE].rules if PARTS.get(rule.field) is CustomerPart.ADDRESS]
    left = [name for name in ours if is_field_of_shop(config, name) and _is_left(name, wanted.basic, held.basic)]
    if wanted.address is not None and held.address is not None:
        places = [rule.field for rule in mapping.records[ADDRESS].rules]
        left += [
            f"{name} of {config.delivery_address}" for name in places if _is_left(name, wanted.address, held.address)
        ]
    return left


def is_field_of_shop(config: Accounts, name: str) -> bool:
    """Tells whether the shop is the master of a field of ChgBasicData."""
    part = PARTS.get(name)
    return part is None or _is_of_shop(config, part)


def carries_email(config: Accounts) -> bool:
    """Tells whether the e-mail address of an account is kept in CRS111 too."""
    return bool(config.email_type) and _is_of_shop(config, CustomerPart.EMAIL)


def compact(number: str) -> str:
    """A VAT number without what people put between its digits."""
    return "".join(letter for letter in number.upper() if letter.isalnum())


_PLACE = tuple(name for name in Address.model_fields if name not in ("email", "phone"))


def _of_address(config: Accounts, wanted: Wanted, held: Held, *, number: str) -> list[Difference]:
    address = config.delivery_address
    if not address or not _is_of_shop(config, CustomerPart.DELIVERY_ADDRESS):
        return []
    if wanted.address is None:
        call = customer_addresses.delete_address(number, address=address)
        return [] if held.address is None else [Difference("address_gone", call, (address,))]
    if held.address is None:
        call = customer_addresses.add_address(number, address=address, fields=wanted.address)
        return [Difference(ADDRESS_WRITE, call, tuple(wanted.address))]
    changed = _differing(wanted.address, held.address)
    call = customer_addresses.change_address(number, address=address, fields=changed)
    return [Difference(ADDRESS_WRITE, call, tuple(changed))] if changed else []


def _differing(wanted: Mapping[str, str], held: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in wanted.items() if value != held.get(name, "").strip()}


def _is_left(name: str, wanted: Mapping[str, str], held: Mapping[str, str]) -> bool:
    return not wanted.get(name) and bool(held.get(name, "").strip())


def _is_of_shop(config: Accounts, part: CustomerPart) -> bool:
    return config.owner(part) is Master.SHOP
