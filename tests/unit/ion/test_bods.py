"""What BODs say: the samples, other namespaces and verbs, missing ids, and documents built to harm."""

from __future__ import annotations

import re
import time
from io import BytesIO
from pathlib import Path

import pytest

from connector.errors import InvalidPayloadError
from connector.ion.bods import Bod, Identity, read_bod
from connector.ion.due import merged
from connector.ion.rules import EventRules, load_event_rules

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "tests" / "fixtures" / "ion"
RULES = load_event_rules(ROOT / "config")
NAMESPACE = 'xmlns="http://schema.infor.com/InforOAGIS/2"'


def sample(number: int) -> str:
    (path,) = SAMPLES.glob(f"{number:02}-*.xml")
    return path.read_text(encoding="utf-8")


def read(text: str | bytes, rules: EventRules = RULES) -> Bod:
    return read_bod(BytesIO(text.encode() if isinstance(text, str) else text), rules)


def due(bod: Bod) -> dict[str, tuple[str, ...]]:
    return {one.flow: one.keys for one in merged(one for noun in bod.nouns for one in noun.due)}


ITEMS = ("MUG-WHT-33", "TSHIRT-BLK-M")
ORDER = {"order_status_to_woo": ("0010004567",)}


@pytest.mark.parametrize(
    ("number", "name", "action", "wanted"),
    [
        (1, "Sync.SalesOrder", "Add", ORDER),
        (2, "Sync.SalesOrder", "Replace", ORDER),
        (3, "Sync.SalesOrder", "Replace", {"order_status_to_woo": ("0010004570",)}),
        (4, "Sync.Shipment", "Add", ORDER),
        (5, "Sync.InventoryCount", "Replace", {"stock_to_woo": ITEMS}),
        (6, "Sync.ItemMaster", "Replace", {"items_to_woo": ("TSHIRT-BLK-M",)}),
        (7, "Sync.ItemMaster", "Delete", {"items_to_woo": ("POSTER-A2",)}),
        (8, "Sync.ItemMaster", "Replace", None),
        (9, "Sync.SalesOrder", "Replace", ORDER),
        (10, "Sync.PriceList", "Replace", {"prices_to_woo": ITEMS}),
    ],
)
def test_each_sample_makes_due_what_it_is_about(
    number: int, name: str, action: str, wanted: dict[str, tuple[str, ...]] | None
) -> None:
    bod = read(sample(number))

    assert (bod.name, bod.action, bod.tenant, bod.problem) == (name, action, "ACMEM3_TST", "")
    assert bod.is_listened_to
    assert bod.is_deletion is (number == 7)
    assert wanted is None or due(bod) == wanted
    assert due(bod)


def test_the_sample_with_two_nouns_has_two_documents_with_versions_of_their_own() -> None:
    first, second = read(sample(5)).nouns

    assert first.identity == Identity("100_AAA", "001", "BAL-001")
    assert second.identity == Identity("100_AAA", "002", "BAL-002")
    assert (first.variation, second.variation) == (88120, 88121)


@pytest.mark.parametrize(("number", "variation"), [(1, 7001), (2, 7003), (9, 7002), (7, 95)])
def test_the_version_is_the_documents_own(number: int, variation: int) -> None:
    (noun,) = read(sample(number)).nouns

    assert noun.variation == variation


def test_a_confirm_is_read_and_not_listened_to() -> None:
    bod = read(sample(11))

    assert bod.verb == "Confirm"
    assert not bod.is_listened_to


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(NAMESPACE, ""),
        lambda text: text.replace(NAMESPACE, 'xmlns="http://example.com/of-a-mapping"'),
        lambda text: re.sub(r"<(/?)(\w)", r"<\1n:\2", text).replace("xmlns=", "xmlns:n="),
        lambda text: text.replace("SyncItemMaster", "ShowItemMaster").replace("<Sync>", "<Show>").replace("</Sync>", "</Show>"),
        lambda text: "<!-- a remark --><?keep this?>".join(text.split("?>\n", 1)) if "?>\n" in text else text,
    ],
)  # fmt: skip
def test_namespaces_and_remarks_do_not_matter(change: object) -> None:
    assert callable(change)
    text = change(sample(6).replace('<?xml version="1.0" encoding="UTF-8"?>\n', ""))

    assert due(read(text)) == {"items_to_woo": ("TSHIRT-BLK-M",)}


def test_another_encoding_that_is_declared_is_read() -> None:
    text = sample(6).replace('encoding="UTF-8"', 'encoding="UTF-16"')

    assert due(read(text.encode("utf-16"))) == {"items_to_woo": ("TSHIRT-BLK-M",)}


def test_an_unknown_noun_and_an_unknown_verb_are_read_and_not_listened_to() -> None:
    carrier = read("<SyncCarrierParty><DataArea><Sync/><CarrierParty/></DataArea></SyncCarrierParty>")
    process = read(sample(6).replace("SyncItemMaster", "ProcessItemMaster").replace("Sync>", "Process>"))

    assert (carrier.name, carrier.is_listened_to) == ("Sync.CarrierParty", False)
    assert (process.name, process.is_listened_to) == ("Process.ItemMaster", False)


def test_missing_ids_are_a_problem_that_names_what_is_missing() -> None:
    bod = read(re.sub(r"<ItemID>.*?</ItemID>", "", sample(6), flags=re.DOTALL))

    assert "has no id" in bod.problem
    assert "items_to_woo" in bod.problem


def test_a_bod_without_its_noun_is_a_problem() -> None:
    bod = read("<SyncItemMaster><DataArea><Sync/></DataArea></SyncItemMaster>")

    assert bod.problem == "it holds no ItemMaster"


@pytest.mark.parametrize("number", ["", "x", "-5", "7,5", "9" * 30, "9223372036854775808", "７"])
def test_a_version_that_is_none_counts_as_not_given(number: str) -> None:
    (noun,) = read(sample(2).replace('variationID="7003"', f'variationID="{number}"')).nouns

    assert noun.variation is None
    assert due(read(sample(2))) == ORDER


def test_the_largest_version_fits() -> None:
    (noun,) = read(sample(2).replace('variationID="7003"', 'variationID="9223372036854775807"')).nouns

    assert noun.variation == 2**63 - 1


@pytest.mark.parametrize("wrong", ["ITEM NUMBER TOO LONG", "x" * 5000])
def test_an_item_number_that_cannot_be_one_is_a_problem_and_the_others_count(wrong: str) -> None:
    bod = read(sample(5).replace("MUG-WHT-33", wrong))

    assert due(bod) == {"stock_to_woo": ("TSHIRT-BLK-M",)}
    assert "cannot be keys of M3" in bod.problem


BOMB = "".join(f'<!ENTITY b{level} "{f"&b{level - 1};" * 10}">' for level in range(1, 10))


@pytest.mark.parametrize(
    "text",
    [
        f'<!DOCTYPE SyncItemMaster [<!ENTITY b0 "ha">{BOMB}]><SyncItemMaster>&b9;</SyncItemMaster>',
        f'<!DOCTYPE SyncItemMaster [<!ENTITY b0 "ha">{BOMB}]><SyncItemMaster a="&b9;"/>',
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a>&e;</a>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>',
        '<!DOCTYPE a [<!ENTITY % e SYSTEM "http://127.0.0.1:9/a.dtd"> %e;]><a/>',
        "<a>&undeclared;</a>",
        "<a>" * 5000 + "</a>" * 5000,
        "<a b='1' b='1'/>",
        "<SyncA><DataArea><Sync/><A><c>" + "<b/>" * 250_000 + "</c></A></DataArea></SyncA>",
        "<SyncA><DataArea><Sync>" + "<b/>" * 250_000 + "</Sync></DataArea></SyncA>",
        "<SyncA><DataArea><Sync/>" + "<A/>" * 60_000 + "</DataArea></SyncA>",
        "",
        "no xml at all",
        "<SyncItemMaster><DataArea><Sync/>",
        "<html><body>login</body></html>",
        '<?xml version="1.0" encoding="no-such"?><a/>',
    ],
)  # fmt: skip
def test_what_is_no_bod_or_built_to_harm_is_refused_in_words_and_soon(text: str) -> None:
    began = time.monotonic()

    with pytest.raises(InvalidPayloadError) as raised:
        read(text)

    assert raised.value.message
    assert raised.value.resolution
    assert time.monotonic() - began < 300, "it grows with the square of the size"


def test_many_lines_are_read_without_holding_them() -> None:
    line = "<InventoryCountLine><Item><ItemID><ID>A{}</ID></ItemID></Item></InventoryCountLine>"
    lines = "".join(line.format(number % 50) for number in range(100_000))
    head = "<InventoryCountHeader><DocumentID><ID variationID='3'>B</ID></DocumentID></InventoryCountHeader>"
    text = f"<SyncInventoryCount><DataArea><Sync/><InventoryCount>{head}{lines}</InventoryCount></DataArea></SyncInventoryCount>"

    bod = read(text)

    assert len(due(bod)["stock_to_woo"]) == 50
    assert bod.nouns[0].variation == 3
