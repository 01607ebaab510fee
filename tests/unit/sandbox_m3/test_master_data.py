"""Customers, items, tables and the repository answer as a client needs them."""

import pytest

from .conftest import M3

RECORDED_SKUS = [
    "MUG-001",
    "MUG-002",
    "PAN-28",
    "RICE-KG",
    "TSHIRT-S-RED",
    "TSHIRT-M-BLUE",
    "SOCKS-DOTS",
    "GARLIC-1",
    "PENCIL-011",
]
PERSON = {"CUTM": "TMPLB2C", "CUNM": "Anna Example", "CUA1": "Long Street 1"}


@pytest.mark.parametrize("sku", [*RECORDED_SKUS, "SKU-0001", "SKU-0100"])
def test_recorded_and_catalogue_items_are_sellable(m3: M3, sku: str) -> None:
    (item,) = m3.records("MMS200MI/GetItmBasic", ITNO=sku)

    assert (item["STAT"], item["ITNO"], item["PDCC"]) == ("20", sku, "2")


def test_missing_book_can_be_added(m3: M3) -> None:
    assert m3.code("MMS200MI/GetItmBasic", ITNO="BOOK-5") == "WIT0103"
    m3.control("items", [{"itno": "BOOK-5", "vat_code": 2, "list_price": "25.00"}])

    assert m3.records("MMS200MI/GetItmBasic", ITNO="BOOK-5")[0]["VTCS"] == "2"


def test_alias_finds_the_item(m3: M3) -> None:
    assert m3.records("MMS025MI/GetItem", ALWT="2", ALWQ="EA13", POPN="3850000000015")[0]["ITNO"] == "MUG-001"
    assert m3.code("MMS025MI/GetItem", ALWT="2", POPN="1") == "WPO0403"


def test_alternate_units_are_listed_from_the_item_on(m3: M3) -> None:
    rows = m3.records("MMS015MI/Lst", ITNO="MUG-001")

    assert [(row["ITNO"], row["ALUN"]) for row in rows][:2] == [("MUG-001", "BOX"), ("RICE-KG", "G")]


def test_customer_is_created_once_under_a_given_number(m3: M3) -> None:
    assert m3.records("CRS610MI/Add", CUNO="W100001", STAT="20", ALCU="W155", **PERSON)[0]["CUNO"] == "W100001"

    assert m3.code("CRS610MI/Add", CUNO="W100001", **PERSON) == "XRE0104"
    assert m3.records("CRS610MI/GetFinancial", CUNO="W100001")[0]["CUCD"] == "EUR"
    assert [customer["cuno"] for customer in m3.book()["customers"]] == ["W100001"]


def test_customer_without_a_number_takes_the_series_and_the_status_of_the_template(m3: M3) -> None:
    cuno = m3.records("CRS610MI/Add", **PERSON)[0]["CUNO"]

    assert cuno == "C000000001"
    assert m3.code("OIS100MI/AddBatchHead", CUNO=cuno) == "WST0301"
    m3.records("CRS610MI/ChgBasicData", CUNO=cuno, STAT="20")
    assert m3.head(cuno)


def test_unknown_template_is_refused(m3: M3) -> None:
    assert m3.code("CRS610MI/Add", **{**PERSON, "CUTM": "NOTMPL"}) == "WCU0203"


def test_search_key_list_goes_on_past_the_key(m3: M3) -> None:
    for cuno, key in (("A1", "W11"), ("A2", "W12"), ("A3", "W10")):
        m3.records("CRS610MI/Add", CUNO=cuno, ALCU=key, **PERSON)

    assert [row["CUNO"] for row in m3.records("CRS610MI/LstBySearchKey", ALCU="W11")] == ["A1", "A2"]


def test_addresses_and_emails_are_kept(m3: M3) -> None:
    address = {"CUA1": "Street 1", "PONO": "1", "CSCD": "DE", "TOWN": "Town"}
    m3.records("CRS610MI/AddAddress", CUNO="GUESTDEEUR", ADRT="1", ADID="000001", **address)
    m3.records("CRS610MI/ChgAddress", CUNO="GUESTDEEUR", ADRT="1", ADID="000001", TOWN="City")
    m3.records("CRS111MI/Add", EMTP="02", EMKY="GUESTDEEUR", EMAL="a@example.com")

    assert m3.records("CRS610MI/GetAddress", CUNO="GUESTDEEUR", ADRT="1", ADID="000001")[0]["TOWN"] == "City"
    assert m3.records("CRS111MI/Get", EMTP="02", EMKY="GUESTDEEUR")[0]["EMAL"] == "a@example.com"
    assert m3.code("CRS610MI/GetAddress", CUNO="GUESTDEEUR", ADRT="1", ADID="9") == "WAD1003"


def test_charge_ids_carry_vat_code_and_currency(m3: M3) -> None:
    rows = {row["CRID"]: (row["VTCD"], row["CUCD"]) for row in m3.records("OIS030MI/LstOrderCharges", maxrecs="0")}

    wanted = {
        "SHP25": ("1", "EUR"),
        "SHP05": ("2", "EUR"),
        "SHU25": ("1", "USD"),
        "FEG00": ("0", "GBP"),
        "RND00": ("0", "EUR"),
    }
    assert {crid: rows[crid] for crid in wanted} == wanted


@pytest.mark.parametrize(("cucd", "decimals"), [("EUR", "2"), ("JPY", "0")])
def test_currencies_know_their_decimals(m3: M3, cucd: str, decimals: str) -> None:
    (row,) = m3.records("CRS055MI/GetBasicData", CUCD=cucd)

    assert (row["NPRD"], row["DCCD"]) == (decimals, decimals)


def test_warehouse_leads_to_facility_and_division(m3: M3) -> None:
    (row,) = m3.records("MMS005MI/GetWarehouse", WHLO="001")

    assert (row["FACI"], row["DIVI"]) == ("001", "AAA")


def test_automatic_charges_do_not_exist(m3: M3) -> None:
    assert m3.records("OIS010MI/LstOrdTypeChrg", ORTP="W01") == []
    assert m3.records("CRS610MI/LstCustCharges", CUNO="GUESTDEEUR") == []


def test_repository_tells_the_fields_the_checks_use(m3: M3) -> None:
    rows = m3.records("MRS001MI/LstFields", MINM="OIS100MI", TRNM="AddBatchLine", TRTP="I", maxrecs="0")

    fields = {row["FLNM"]: (row["TYPE"], row["LENG"], row["MAND"]) for row in rows}
    assert fields["ITNO"] == ("A", "15", "1")
    assert fields["SACD"] == ("N", "5", "0")
    assert m3.code("MRS001MI/LstTransactions", MINM="OIS300MI") == "XRE0103"


def test_server_time_exists_in_every_program(m3: M3) -> None:
    for program in ("OIS100MI", "ARS200MI"):
        (row,) = m3.records(f"{program}/GetServerTime")
        assert len(row["DATE"]) == 8
        assert len(row["LMTS"]) == 13


def test_message_text_is_filled(m3: M3) -> None:
    assert (
        m3.records("OIS100MI/GetMessageText", MSID="WIT0103", PARM="A1")[0]["MSGT"] == "Item number A1 does not exist"
    )


def test_reset_begins_anew_and_the_seed_decides_what_with(m3: M3) -> None:
    before = m3.records("MMS200MI/GetItmPrice", ITNO="SKU-0001")
    m3.ordered()
    m3.control("reset", {"seed": 2})
    other = m3.records("MMS200MI/GetItmPrice", ITNO="SKU-0001")
    m3.control("reset", {"seed": 1})

    assert m3.book()["orders"] == []
    assert m3.records("MMS200MI/GetItmPrice", ITNO="SKU-0001")[0]["SAPR"] == before[0]["SAPR"] != other[0]["SAPR"]
