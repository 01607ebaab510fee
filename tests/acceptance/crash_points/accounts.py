"""The stories of accounts of the shop: changed, given a delivery address, erased. Used by stories.py."""

from __future__ import annotations

from typing import Any

import yaml

from tests.acceptance.crash_points import books
from tests.acceptance.crash_points.world import BUYER, World
from tests.harness import STORE
from tests.integration.flows.story import quick_store

JOB = "poll_customers"
VAT_KEY, VAT_NUMBER = "vat_number", "HR33392005961"
HARBOUR = {
    "first_name": "Iva",
    "last_name": "Horvat",
    "address_1": "Obala 8",
    "city": "Split",
    "postcode": "21000",
    "country": "HR",
}


def following(**accounts: Any) -> str:
    """Returns a store file that follows its accounts."""
    content = yaml.safe_load(quick_store())
    content["customers"]["accounts"] = {"email_type": "04", **accounts}
    return yaml.safe_dump(content)


FOLLOWS_ACCOUNTS = following()
SHOWS_CUSTOMERS = yaml.safe_dump(
    {**yaml.safe_load(following(owners={"phone": "m3", "email": "m3"})), "publish": {"customers": {}}}
)


def buyer_with_a_vat_number_comes(world: World) -> None:
    """A company nobody has seen; its customer is made, and gets the number Add does not take."""
    world.place(meta_data=[{"key": VAT_KEY, "value": VAT_NUMBER}])
    world.go_on()


def of_vat_number(world: World) -> list[str]:
    """Says what is wrong: the order is in M3, and its customer has the number."""
    held = [one["fields"].get("VRNO") for one in world.sandbox.m3_book()["customers"]]
    return [*([] if held == [VAT_NUMBER] else [f"VAT numbers in M3: {held}"]), *books.of_posted_orders(world)]


def account_changes(world: World) -> None:
    """Somebody moves, and has goods sent elsewhere, then not any more; no delivery comes, the poll finds it."""
    account = _known(world)
    moved = {**BUYER, "address_1": "Vlaška 7", "phone": "+385915550001"}
    _change(world, account, billing=moved, shipping=HARBOUR, meta_data=[{"key": VAT_KEY, "value": VAT_NUMBER}])
    _look(world)
    _change(world, account, billing={**moved, "email": "iva.h@example.com"}, shipping={**HARBOUR, "city": "Trogir"})
    _look(world)
    _change(world, account, shipping=dict.fromkeys(HARBOUR, ""))
    _look(world)


def of_changed(world: World) -> list[str]:
    """Says what is wrong: M3 has what the account says last, and the order it had."""
    (made,) = world.sandbox.m3_book()["customers"]
    wanted = {"CUA1": "Vlaška 7", "PHNO": "+385915550001", "MAIL": "iva.h@example.com", "VRNO": VAT_NUMBER}
    found = {name: made["fields"].get(name) for name in wanted}
    wrong = [] if found == wanted else [f"customer in M3: {found}"]
    wrong += [f"addresses in M3: {made['addresses']}"] if made["addresses"] else []
    wrong += [] if made["emails"] == {"04": "iva.h@example.com"} else [f"e-mail addresses in M3: {made['emails']}"]
    return [*wrong, *books.of_posted_orders(world)]


def account_is_made_a_customer(world: World) -> None:
    """An account is told of before it orders anything."""
    _change(world, {"id": 0}, email=BUYER["email"], billing=BUYER, shipping=HARBOUR)
    _look(world)


def of_made(world: World) -> list[str]:
    """Says what is wrong: it is one customer with its delivery address."""
    made = [one for one in world.sandbox.m3_book()["customers"] if one["fields"]["MAIL"] == BUYER["email"]]
    places = [[address["TOWN"] for address in one["addresses"]] for one in made]
    return [*([] if places == [["Split"]] else [f"customers with addresses in: {places}"]), *books.of_rest_alone(world)]


def account_is_erased(world: World) -> None:
    """The account is deleted; M3 keeps its customer."""
    account = _known(world)
    _change(world, account, action="delete")
    _look(world)


def account_is_erased_while_it_changes(world: World) -> None:
    """The account is changed, and deleted while that is on its way to M3; no delivery tells of either."""
    account = _known(world)
    _change(world, account, billing={**BUYER, "phone": "+385915550001"})
    world.connector.pass_time(6 * 3600)
    world.turn(JOB)
    with world.quietly():
        world.sweep_until_sent()
    world.run_due_once()
    _change(world, account, action="delete")
    world.mark = _newest_line(world)
    _look(world)


def of_erased_while_it_changed(world: World) -> list[str]:
    """Says what is wrong: nothing was written to M3 after the erasure, and the ledger has forgotten all of it."""
    told = "SELECT action FROM audit WHERE system = 'm3' AND id > :mark AND action LIKE 'CRS%'"
    later = world.connector.rows(told, mark=world.mark)
    begun = world.connector.rows("SELECT id FROM document WHERE kind = 'account'")
    wrong = [f"written after the erasure: {later}"] if later else []
    return [*wrong, *([f"still begun: {begun}"] if begun else []), *of_erased(world)]


def of_erased(world: World) -> list[str]:
    """Says what is wrong: M3 has the customer, the ledger has forgotten what it was told."""
    kept = world.connector.rows(
        "SELECT d.id FROM delivery d JOIN exchange e ON e.id = d.exchange_id"
        " WHERE e.flow = 'customers_to_m3' AND d.body IS NOT NULL"
    )
    bound = world.connector.rows("SELECT shop_key FROM binding WHERE kind = 'account'")
    made = len(world.sandbox.m3_book()["customers"])
    wrong = [f"not forgotten: {kept}"] if kept else []
    wrong += [f"still bound: {bound}"] if bound else []
    return [*wrong, *([] if made == 1 else [f"{made} customers in M3"]), *books.of_posted_orders(world)]


def customer_is_shown_in_the_shop(world: World) -> None:
    """M3 gives a customer other terms, another telephone number, and an e-mail address that the shop refuses; the pull finds it."""
    _known(world)
    with world.quietly():
        world.turn("pull_customers")
        world.sweep_until_sent()
        world.go_on()
        number = world.sandbox.m3_book()["customers"][0]["cuno"]
        url = f"{world.sandbox.m3_url}/_control/customers/{number}"
        world.sandbox.post(url, {"TEPY": "030", "PHNO": "01 777 000", "MAIL": "iva@horvat"})
    world.turn("pull_customers")
    world.go_on()
    world.connector.pass_time(60)
    world.sweep_until_sent()
    world.go_on()


def of_shown(world: World) -> list[str]:
    """Says what is wrong: the account shows M3's terms and number, and M3 keeps what is its own."""
    (made,) = world.sandbox.m3_book()["customers"]
    shop = world.connector.process.runtime.store(STORE).shop
    row = next(one for page in shop.customers.pages() for one in page.rows if one["email"] == BUYER["email"])
    meta = {one["key"]: one["value"] for one in row["meta_data"]}
    wanted = {"_m3_customer_number": made["cuno"], "_m3_payment_terms": "030", "phone": "01 777 000"}
    found = {name: meta.get(name) for name in wanted} | {"phone": row["billing"]["phone"]}
    wrong = [] if found == wanted else [f"account in the shop: {found}"]
    wrong += [] if made["fields"]["PHNO"] == "01 777 000" else [f"telephone in M3: {made['fields']['PHNO']}"]
    wrong += (
        [] if row["billing"]["email"] == BUYER["email"] else [f"e-mail address in the shop: {row['billing']['email']}"]
    )
    due = world.connector.rows("SELECT item_number FROM offer WHERE wanted_rev > done_rev")
    told = [one["problem"] for one in world.connector.rows("SELECT problem FROM offer WHERE flow = 'customers_to_woo'")]
    wrong += [] if "was not written: billing.email. " in str(told) else [f"told of what was refused: {told}"]
    return [*wrong, *([f"still due: {due}"] if due else []), *books.of_posted_orders(world)]


def _known(world: World) -> dict[str, Any]:
    """Makes an account that has ordered, and has been looked at once."""
    with world.quietly():
        account = _change(world, {"id": 0}, email=BUYER["email"], billing=BUYER)
        world.place(customer_id=account["id"])
        world.go_on()
        _look(world)
    return account


def _newest_line(world: World) -> int:
    return int(world.connector.rows("SELECT coalesce(max(id), 0) AS id FROM audit")[0]["id"])


def _look(world: World) -> None:
    world.connector.pass_time(6 * 3600)
    world.turn(JOB)
    with world.quietly():
        world.sweep_until_sent()
    world.go_on()


def _change(world: World, account: dict[str, Any], **fields: Any) -> dict[str, Any]:
    url = f"{world.sandbox.shop_url}/_control/customers"
    changed: dict[str, Any] = world.sandbox.post(url, {"id": account["id"], "deliver": "never", **fields})
    return changed
