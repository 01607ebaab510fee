"""What a person is told about a wrong entry of a store file."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from connector.errors import ConfigurationError
from connector.stores.reading import parse_store_config, refuse_names_twice
from tests.integration.flows.books.counting_house import INVOICES, PAYMENTS, invoicing

EXAMPLE = (Path(__file__).parents[3] / "config" / "stores" / "example.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        (
            "requests_per_s:",
            "request_per_s:",
            "shop.request_per_s: there is no such entry; did you mean requests_per_s?",
        ),
        ("allow_plain_http:", "zzz:", "possible here: allow_plain_http, concurrency, requests_per_s"),
        ("charges:", "chargez:", "money.chargez: there is no such entry; did you mean charges?"),
    ],
)
def test_an_unknown_entry_is_named_with_what_may_be_meant(right: str, wrong: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_store_config(EXAMPLE.replace(right, wrong, 1), source="w1.yaml")

    assert words in refused.value.message
    assert "line " in refused.value.message


@pytest.mark.parametrize("words", ["Since {day}:", "{date", "{date.hour}", "{}"])
def test_words_for_a_changed_note_name_nothing_but_the_date(words: str) -> None:
    file = EXAMPLE.replace("Replaces all earlier notes ({date}):", words, 1)

    with pytest.raises(ConfigurationError, match="may stand in braces"):
        parse_store_config(file, source="w1.yaml")


def test_a_journal_that_touches_the_receivables_is_refused_when_the_file_is_read() -> None:
    file = f"{EXAMPLE}\nbooks: {{control_accounts: ['1510']}}\n" + (
        "payments: {interface: GL, identity: G1, liability: {account: '1510'}, methods: {}}\n"
    )

    with pytest.raises(ConfigurationError, match="1510 is a control account"):
        parse_store_config(file, source="w1.yaml")


ISSUE = {"partner": "WEB", "location": "MAIN"}
REFUNDS = {"return_order_type": "W02", "credit_order_type": "W03", "credit_items": []}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"invoices": None}, "belong together"),
        ({"orders": {}}, "belong together"),
        ({"orders": {"carried_as": "invoice", "statuses": {"on-hold": "batch"}}}, "batch makes an order"),
        ({"invoices": {**INVOICES, "layout": ""}}, "name a `layout`"),
        ({"refunds": REFUNDS}, "return orders"),
        ({"publish": {"stock": {}}}, "would sell them twice; say invoices.stock (keep_deducted, issue)"),
        ({"invoices": {**INVOICES, "stock": "issue"}}, "`issue` belong together"),
        ({"invoices": {**INVOICES, "issue": ISSUE}}, "`issue` belong together"),
        (
            {
                "invoices": {**INVOICES, "stock": "issue", "issue": {**ISSUE, "unit": "BOX"}},
                "publish": {"stock": {}},
            },
            "invoices.issue.unit ('BOX') is not publish.stock.unit ('')",
        ),
    ],
)
def test_invoices_that_contradict_the_rest_of_the_file_are_refused(changes: dict[str, object], words: str) -> None:
    content = {**yaml.safe_load(invoicing()), **changes}

    with pytest.raises(ConfigurationError) as refused:
        parse_store_config(yaml.safe_dump({key: value for key, value in content.items() if value}), source="w1.yaml")

    assert words in refused.value.message


def test_stock_is_shown_beside_invoices_that_keep_their_units_deducted() -> None:
    file = invoicing(invoices={"stock": "keep_deducted"}, publish={"stock": {}})

    assert parse_store_config(file, source="w1.yaml").publish.stock is not None


def test_a_missing_entry_is_named_in_plain_words() -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_store_config("{}", source="w1.yaml")

    assert "m3: this entry is missing" in refused.value.message
    assert "Field required" not in refused.value.message


def test_file_of_a_former_version_that_names_no_unit_for_stock_issues_is_read() -> None:
    file = invoicing(invoices={"stock": "issue", "issue": ISSUE})

    assert parse_store_config(file, source="w1.yaml").unit_sold is None


@pytest.mark.parametrize(
    ("fee", "words"),
    [
        ({"account": {"account": "6570", "dimensions": {"AIT8": "1"}}}, "AIT8: dimensions are AIT2 to AIT7"),
        ({"account": {"account": "6570"}, "vat_rate": "25"}, "vat_rate and vat_account belong together"),
    ],
)
def test_a_fee_with_an_account_that_cannot_be_is_refused(fee: dict[str, object], words: str) -> None:
    methods = {"stripe": {"clearing": {"account": "1580"}, "fee": {"meta_keys": ["_stripe_fee"], **fee}}}
    file = yaml.safe_dump({**yaml.safe_load(EXAMPLE), "payments": {**PAYMENTS, "methods": methods}})

    with pytest.raises(ConfigurationError) as refused:
        parse_store_config(file, source="w1.yaml")

    assert words in refused.value.message


def test_an_entry_given_twice_is_refused_in_a_new_file_and_counts_in_one_that_was_taken() -> None:
    file = f"{EXAMPLE}\norders: {{statuses: {{}}}}\n"
    first, second = EXAMPLE.splitlines().index("orders:") + 1, len(file.splitlines())

    with pytest.raises(ConfigurationError) as refused:
        refuse_names_twice(file, source="w1.yaml")

    assert f"w1.yaml, line {second}: orders is given twice, first on line {first}" in refused.value.message
    assert parse_store_config(file, source="w1.yaml").orders.statuses == {}


def test_a_wrong_entry_is_named_with_its_own_line_and_not_that_of_a_namesake() -> None:
    file = EXAMPLE.replace("\norders:\n", "\norders:\n  warehouse: x\n")
    line = file.splitlines().index("orders:") + 2

    with pytest.raises(ConfigurationError) as refused:
        parse_store_config(file, source="w1.yaml")

    assert f"line {line}, orders.warehouse: there is no such entry" in refused.value.message


@pytest.mark.parametrize("file", ["just text", "- a\n- b\n", "7"])
def test_a_file_without_entries_is_told_their_form(file: str) -> None:
    with pytest.raises(ConfigurationError, match=r"w1\.yaml: there must be lines of the form `name: value`"):
        parse_store_config(file, source="w1.yaml")
