"""The item master: made in bulk from a seed, listed in order, changed in parts, named in languages."""

import pytest

from .conftest import M3


def a_style(m3: M3) -> str:
    return next(row["STYN"] for row in m3.records("MMS200MI/LstStyle", STYN="C"))


def test_catalogue_has_as_many_rows_as_asked_for_and_shares_them_out(m3: M3) -> None:
    before = len(m3.records("MMS200MI/LstItmByItm", ITNO="0", maxrecs="0"))

    made = m3.control("catalogue", {"items": 300, "variants_share": 0.5, "odd": 1})

    assert len(m3.records("MMS200MI/LstItmByItm", ITNO="0", maxrecs="0")) == before + 300
    assert made["simple"] + made["styles"] + made["variants"] == made["items"] == 300
    assert 130 <= made["styles"] + made["variants"] <= 150
    assert {len(items) for items in made["odd"].values()} == {1}


def test_same_seed_makes_the_same_catalogue_and_another_one_another(m3: M3) -> None:
    def first(seed: int) -> dict[str, str]:
        m3.control("reset", {"seed": seed})
        m3.control("catalogue", {"items": 100})
        return (
            m3.records("MMS200MI/GetItmBasic", ITNO="P-00001")[0]
            | m3.records("MMS200MI/GetItmPrice", ITNO="P-00001")[0]
        )

    assert first(1) == first(1) != first(2)


def test_variants_name_their_style_and_the_style_list_their_colour_and_size(m3: M3) -> None:
    m3.control("catalogue", {"items": 60, "variants_share": 1})

    style = a_style(m3)
    rows = [row for row in m3.records("MMS200MI/LstStyle", STYN=style) if row["STYN"] == style]

    variant = m3.records("MMS200MI/GetItmBasic", ITNO=rows[0]["ITNO"])[0]
    assert variant["HDPR"] == style
    assert rows[0]["ITNO"] == f"{style}-{rows[0]['OPTX']}-{rows[0]['OPTY']}"
    assert m3.records("MMS200MI/GetItmBasic", ITNO=style)[0]["STCD"] == "0"


def test_style_list_goes_on_past_the_style(m3: M3) -> None:
    m3.control("catalogue", {"items": 60, "variants_share": 1})

    assert len({row["STYN"] for row in m3.records("MMS200MI/LstStyle", STYN=a_style(m3))}) > 1


def test_groups_and_hierarchy_of_an_item_have_names(m3: M3) -> None:
    m3.control("catalogue", {"items": 10, "variants_share": 0})
    item = m3.records("MMS200MI/GetItmBasic", ITNO="P-00001")[0]

    group = m3.records("CRS025MI/GetItemGroup", ITGR=item["ITGR"])[0]["TX40"]
    listed = {row["STKY"]: row["TX40"] for row in m3.records("MMS200MI/LstItmGroups")}
    classes = {row["STKY"] for row in m3.records("MMS200MI/LstProdGroups")}
    (third,) = m3.records("MMS021MI/GetItmHierarchy", HLVL="3", HIE0=item["HIE3"])

    assert listed[item["ITGR"]] == group
    assert item["ITCL"] in classes
    assert (third["ULVL"], third["ULID"]) == ("2", item["HIE2"])


def test_names_in_other_languages_are_listed_and_answered_by_language_code(m3: M3) -> None:
    m3.control("items", [{"itno": "MUG-001", "names": {"DE": {"itds": "Emailbecher"}}}])

    assert m3.records("MMS200MI/GetItmBasic", ITNO="MUG-001", LNCD="DE")[0]["ITDS"] == "Emailbecher"
    assert m3.records("MMS200MI/GetItmBasic", ITNO="MUG-001", LNCD="FR")[0]["ITDS"] == "Enamel mug"
    assert m3.records("MMS030MI/Get", ITNO="MUG-001", LNCD="DE")[0]["ITDS"] == "Emailbecher"
    assert m3.code("MMS030MI/Get", ITNO="MUG-001", LNCD="FR") == "XRE0103"
    m3.records("MMS030MI/Add", ITNO="MUG-001", LNCD="FR", ITDS="Tasse")
    assert m3.code("MMS030MI/Add", ITNO="MUG-001", LNCD="FR", ITDS="Tasse") == "XRE0104"
    rows = m3.records("MMS200MI/LstItmDescLang", FITN="MUG-001", TITN="MUG-001")
    assert [(row["LNCD"], row["ITDS"]) for row in rows] == [("DE", "Emailbecher"), ("FR", "Tasse")]


def test_control_changes_what_is_given_and_keeps_the_rest(m3: M3) -> None:
    before = m3.records("MMS200MI/Get", ITNO="RICE-KG")[0]

    m3.control("items", [{"itno": "RICE-KG", "STAT": "80", "HIE1": "HOME", "GRWE": "1.05"}])

    after = m3.records("MMS200MI/Get", ITNO="RICE-KG")[0]
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {"STAT", "HIE1", "GRWE", "LMDT"}
    assert (after["STAT"], after["GRWE"]) == ("80", "1.05")
    assert [row["ALUN"] for row in m3.records("MMS015MI/Lst", ITNO="RICE-KG")] == ["G", "PCE"]


def test_change_list_goes_by_day_and_number_and_obeys_its_limits(m3: M3) -> None:
    m3.control("catalogue", {"items": 200})
    today = m3.records("MMS200MI/GetServerTime")[0]["DATE"]

    rows = m3.records("MMS200MI/LstItmByChgDate", FLMD="20000101", maxrecs="0")
    old = m3.records("MMS200MI/LstItmByChgDate", FLMD="20000101", TLMD=rows[0]["LMDT"], maxrecs="0")

    keys = [(row["LMDT"], row["ITNO"]) for row in rows]
    assert keys == sorted(keys)
    assert {row["LMDT"] for row in old} == {rows[0]["LMDT"]}
    assert len(m3.records("MMS200MI/LstItmByChgDate", FLMD="20000101")) == 100
    assert all(row["LMDT"] == today for row in m3.records("MMS200MI/LstItmByChgDate", FLMD=today))


def test_changed_item_moves_to_the_day_of_its_change(m3: M3) -> None:
    m3.control("catalogue", {"items": 20, "variants_share": 0})
    today = m3.records("MMS200MI/GetServerTime")[0]["DATE"]

    m3.records("MMS200MI/UpdItmBasic", ITNO="P-00003", ITDS="Other lamp", STAT="90", GRWE="2.5")

    listed = m3.records("MMS200MI/LstItmByChgDate", FLMD="20000101", maxrecs="0")
    assert [row["LMDT"] for row in listed if row["ITNO"] == "P-00003"] == [today]
    item = m3.records("MMS200MI/GetItmBasic", ITNO="P-00003")[0]
    assert (item["ITDS"], item["STAT"], item["GRWE"]) == ("Other lamp", "90", "2.5")


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"STAT": "33"}, "WST0301"), ({"VTCS": "7"}, "XRE0103"), ({"ITNO": "NO-SUCH"}, "WIT0103")],
)
def test_wrong_item_change_is_refused(m3: M3, fields: dict[str, str], code: str) -> None:
    assert m3.code("MMS200MI/UpdItmBasic", **{"ITNO": "MUG-001", **fields}) == code


def test_deleted_item_is_gone_unless_an_open_order_needs_it(m3: M3) -> None:
    m3.ordered()

    assert m3.http.delete("/_control/items/MUG-001").status_code == 409
    assert m3.http.delete("/_control/items/MUG-002").status_code == 200
    assert m3.code("MMS200MI/GetItmBasic", ITNO="MUG-002") == "WIT0103"
    assert m3.records("MMS200MI/LstItmByItm", ITNO="MUG-002")[0]["ITNO"] != "MUG-002"
    assert m3.http.delete("/_control/items/MUG-002").status_code == 404


def test_alias_moves_with_its_item(m3: M3) -> None:
    m3.control("items", [{"itno": "MUG-002", "aliases": [{"alwt": 2, "alwq": "EA13", "popn": "4000000000001"}]}])
    m3.control("items", [{"itno": "MUG-002", "aliases": []}, {"itno": "NEW-1", "aliases": [{"alwt": 3, "popn": "X"}]}])

    assert m3.code("MMS025MI/GetItem", ALWT="2", POPN="4000000000001") == "WPO0403"
    assert m3.records("MMS025MI/GetItem", ALWT="3", POPN="X")[0]["ITNO"] == "NEW-1"


def test_book_pages_through_items_and_prices(m3: M3) -> None:
    m3.control("catalogue", {"items": 40})
    seen: list[str] = []
    start: str | None = ""

    while start is not None:
        page = m3.http.get("/_book", query_string={"part": "items", "from": start, "limit": "50"}).get_json()
        seen += [row["itno"] for row in page["items"]]
        start = page["next"]

    prices = m3.http.get("/_book", query_string={"part": "prices", "from": "MUG-001", "limit": "1"}).get_json()
    assert len(seen) == len(set(seen)) > 100
    assert [(row["prrf"], row["sapr"]) for row in prices["prices"]] == [("WEB", "12.9")]
    assert m3.http.get("/_book?part=orders").status_code == 400


def test_whole_book_leaves_out_the_stock_that_only_lies_there(m3: M3) -> None:
    m3.control("catalogue", {"items": 2_500, "variants_share": 0})
    m3.control("stock", [{"itno": "P-00002", "add": "5"}])

    book = m3.book()

    assert book["stock_is_cut"] is True
    assert [row["itno"] for row in book["stock"]] == ["P-00002"]
