"""Reads both sides of customers that have an account in the shop, and says which fields differ. Used by the run and compare.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connector.errors import ConnectorError
from connector.flows.context import StoreContext
from connector.flows.customer_publishing.fields import BILLING, FLOW, META, PARTS, READ_BY, RECORD
from connector.m3.programs import crs610mi
from connector.m3.rejections import is_not_found
from connector.mapping.rules import Rule
from connector.publishing.customers import Master
from connector.woocommerce.canonical import JSONDict

Facts = Mapping[str, Mapping[str, str]]
"""What M3 says of a customer: root of the mapping file -> its fields."""


@dataclass
class FactsRead:
    """The facts of customers by number. One M3 does not have is `gone`; what could not be read has an error."""

    facts: dict[str, Facts] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    errors: dict[str, ConnectorError] = field(default_factory=dict)


def read_m3(store: StoreContext, numbers: Sequence[str]) -> FactsRead:
    """Reads what the rules of the store need of each customer, eighty reads a request.

    Raises:
        ConnectorError: M3 cannot be asked, or refuses it for every customer.
    """
    columns = {root: _columns(store, root) for root in READ_BY}
    needed = [root for root in READ_BY if root == "basic" or columns[root]]
    calls = [crs610mi.get_fields(READ_BY[root], one, names=columns[root]) for one in numbers for root in needed]
    answers = iter(store.m3.read(calls))
    read = FactsRead()
    for number in numbers:
        own = {root: next(answers) for root in needed}
        errors = [one.error for one in own.values() if one.error is not None]
        if is_not_found(own["basic"].error):
            read.gone.add(number)
        elif errors:
            read.errors[number] = errors[0]
        else:
            read.facts[number] = {root: crs610mi.read_fields(one) for root, one in own.items()}
    if read.errors and not read.facts and not read.gone:
        raise next(iter(read.errors.values()))
    return read


def wanted_of(store: StoreContext, facts: Facts) -> dict[str, str]:
    """Returns what the account is to show, by the names of the mapping file; empty where a rule gives nothing.

    Raises:
        MappingError: A value has no place in the shop.
    """
    mapping = store.mappings[FLOW]
    values = {root: facts.get(root, {}) for root in READ_BY}
    given = mapping.apply(RECORD, values=values).fields
    rules = [rule for rule in mapping.records[RECORD].rules if rule.counts(values) and _is_carried(store, rule)]
    return {rule.field: given.get(rule.field, "") for rule in rules}


def differing(wanted: Mapping[str, str], row: JSONDict) -> dict[str, str]:
    """Returns the fields the account shows otherwise, with what it is to show."""
    return {name: text for name, text in wanted.items() if shown(row, name) != text}


def shown(row: JSONDict, name: str) -> str:
    """Returns what the account shows in a field of the mapping file; nothing and empty are the same."""
    if name.startswith(META):
        key = name.removeprefix(META)
        rows = row.get("meta_data") or ()
        return next((_text(one.get("value")) for one in rows if one.get("key") == key), "")
    return _text((row.get("billing") or {}).get(name.removeprefix(BILLING)))


def element_of(account: int, changes: Mapping[str, str]) -> JSONDict:
    """Returns the element of a batch that writes these fields and no other."""
    meta = [{"key": name.removeprefix(META), "value": text} for name, text in changes.items() if name.startswith(META)]
    billing = {name.removeprefix(BILLING): text for name, text in changes.items() if name.startswith(BILLING)}
    return {"id": account} | ({"meta_data": meta} if meta else {}) | ({"billing": billing} if billing else {})


def told(changes: Mapping[str, str]) -> dict[str, str]:
    """Returns fields for the audit trail and for showing: what belongs to a person has its name alone."""
    return {name: text if name.startswith(META) else "***" for name, text in changes.items()}


def _columns(store: StoreContext, root: str) -> list[str]:
    return sorted(path.removeprefix(f"{root}.") for path in store.mappings[FLOW].paths(root))


def _is_carried(store: StoreContext, rule: Rule) -> bool:
    if rule.field.startswith(META):
        return True
    accounts = store.config.customers.accounts
    part = PARTS[rule.field.removeprefix(BILLING)]
    return accounts is not None and accounts.owner(part) is Master.M3


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()
