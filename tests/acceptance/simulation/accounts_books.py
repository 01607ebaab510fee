"""What must hold of accounts: each is one customer of M3 with equal fields, erased ones are forgotten. Used by books.py."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tests.acceptance.simulation.accounts_history import AccountsHistory
from tests.acceptance.simulation.world import World

IN_M3 = {"address_1": "CUA1", "postcode": "PONO", "city": "TOWN", "country": "CSCD", "phone": "PHNO", "email": "MAIL"}
ELSEWHERE = {"address_1": "CUA1", "postcode": "PONO", "city": "TOWN"}
NUMBER, TERMS = "_m3_customer_number", "_m3_payment_terms"
_KEPT = """
SELECT d.id, convert_from(d.body, 'UTF8') AS body FROM delivery d JOIN exchange e ON e.id = d.exchange_id
WHERE e.flow = 'customers_to_m3' AND d.body IS NOT NULL ORDER BY d.id
"""


def of_accounts(history: AccountsHistory) -> Iterator[str]:
    """Says what is wrong at this moment; see `require_sound`."""
    yield from history.complaints


def of_accounts_at_rest(world: World, history: AccountsHistory) -> Iterator[str]:
    """Says what is wrong when nothing is left to do; see `require_complete`."""
    if not world.sort.follows_accounts:
        return
    customers = {one["cuno"]: one for one in world.m3_book()["customers"]}
    owners: defaultdict[str, list[int]] = defaultdict(list)
    for account in world.shop_book()["customers"]:
        if account["id"] not in history.erased and any(account["billing"].values()):
            number = account["meta"].get(NUMBER, "")
            owners[number].append(account["id"])
            yield from _of_account(account, customers.get(number))
    yield from (f"mixed: accounts {ids} are customer {number} of M3" for number, ids in owners.items() if len(ids) > 1)
    gone = {street for account in history.erased for street in history.streets[account]}
    for row in world.rows(_KEPT):
        kept = sorted(street for street in gone if street in row["body"])
        yield from (
            f"remembered: the ledger keeps {street} of an erased account (delivery {row['id']})" for street in kept
        )


def _of_account(account: dict[str, Any], customer: dict[str, Any] | None) -> Iterator[str]:
    if customer is None:
        yield f"lost: account {account['id']} is no customer of M3, or was not told which"
        return
    fields, where = customer["fields"], f"of account {account['id']} (customer {customer['cuno']})"
    held = {name: fields.get(field, "") for name, field in IN_M3.items()}
    said = {name: account["billing"].get(name, "") for name in IN_M3}
    yield from (
        f"lost: {name} {where} is {said[name]!r}, M3 has {held[name]!r}" for name in IN_M3 if said[name] != held[name]
    )
    if account["meta"].get(TERMS, "") != fields.get("TEPY", ""):
        yield f"lost: the terms {where} are {account['meta'].get(TERMS)!r}, M3 has {fields.get('TEPY')!r}"
    home, wanted = ([account[kind].get(name, "") for name in ELSEWHERE] for kind in ("billing", "shipping"))
    places = [[one.get(field, "") for field in ELSEWHERE.values()] for one in customer["addresses"]]
    if places != ([wanted] if any(wanted) and wanted != home else []):
        yield f"lost: goods {where} go to {wanted}, M3 has {places}"
