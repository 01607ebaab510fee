"""Price lists, campaign lists, prices by LMTS and on a day, exchange rates."""

import pytest

from .conftest import M3

WEB = {"PRRF": "WEB", "CUCD": "EUR", "FVDT": "20200101"}


def since_now(m3: M3) -> str:
    m3.control("clock", {"offset_s": 10})
    return m3.records("OIS320MI/GetServerTime")[0]["LMTS"]


def test_sales_prices_stand_in_the_standard_list(m3: M3) -> None:
    (price,) = m3.records("OIS017MI/GetBasePrice", **WEB, ITNO="PENCIL-011")

    assert (price["SAPR"], price["SACD"], price["LVDT"]) == ("160", "100", "20991231")
    assert m3.code("OIS017MI/GetBasePrice", **WEB, ITNO="CREDIT-25") == "XRE0103"


def test_lists_begin_at_the_key_and_go_on_past_it(m3: M3) -> None:
    m3.control("prices", [{"prrf": "WEB-SALE", "itno": "MUG-001", "fvdt": "20260101", "sapr": "9.90"}])

    rows = m3.records("OIS017MI/LstBasePrice", **WEB, maxrecs="0")
    heads = m3.records("OIS017MI/LstPriceList", PRRF="WEB")
    only = m3.records("OIS017MI/LstPriceList", PRRF="WEB", NFTR="1")

    assert (rows[0]["PRRF"], rows[-1]["PRRF"], rows[-1]["SAPR"]) == ("WEB", "WEB-SALE", "9.9")
    assert [head["PRRF"] for head in heads] == ["WEB", "WEB-SALE"]
    assert [head["PRRF"] for head in only] == ["WEB"]


def test_new_prices_are_those_stamped_since(m3: M3) -> None:
    since = since_now(m3)
    m3.control("prices", {"itno": "LAMP-1", "sapr": "35.50"})
    m3.records("OIS017MI/UpdBasePrice", **WEB, ITNO="MUG-001", SAPR="13.50")
    m3.control("items", {"itno": "MUG-002", "list_price": "15.00"})

    rows = m3.records("OIS320MI/LstNewPrices", LMTS=since)

    assert [(row["ITNO"], row["SAPR"]) for row in rows] == [("LAMP-1", "35.5"), ("MUG-001", "13.5"), ("MUG-002", "15")]


@pytest.mark.parametrize(
    ("day", "sapr", "sacd"), [("20251231", "12.9", "1"), ("20260615", "99", "10"), ("20260701", "12.9", "1")]
)
def test_newest_price_valid_on_the_day_holds(m3: M3, day: str, sapr: str, sacd: str) -> None:
    summer = {"itno": "MUG-001", "fvdt": "20260601", "lvdt": "20260630", "sapr": "99", "sacd": 10, "tinc": True}
    m3.control("prices", summer)

    (line,) = m3.records("OIS320MI/GetPriceLine", CUNO="GUESTDEEUR", ITNO="MUG-001", ORDT=day, ORQA="10", CUCD="EUR")

    assert (line["SAPR"], line["SACD"]) == (sapr, sacd)
    assert line["TINC"] == ("1" if sacd == "10" else "0")


def test_vat_is_included_as_the_head_of_the_list_says(m3: M3) -> None:
    since = since_now(m3)
    m3.control("prices", {"prrf": "GROSS", "itno": "MUG-001", "sapr": "16.13", "tinc": True})

    (row,) = m3.records("OIS320MI/LstNewPrices", LMTS=since)

    assert (row["PRRF"], row["TINC"]) == ("GROSS", "1")


def test_item_without_a_list_price_has_its_sales_price_in_local_currency_only(m3: M3) -> None:
    m3.control("prices", {"itno": "MUG-001", "delete": True})

    local = m3.records("OIS320MI/GetPriceLine", CUNO="GUESTDEEUR", ITNO="MUG-001")[0]
    foreign = m3.records("OIS320MI/GetPriceLine", CUNO="GUESTUSUSD", ITNO="MUG-001")[0]

    assert (local["SAPR"], local["PRRF"], foreign["SAPR"]) == ("12.9", "", "0")


def test_prices_are_added_once_changed_and_deleted(m3: M3) -> None:
    new = {**WEB, "ITNO": "CREDIT-25"}
    m3.records("OIS017MI/AddBasePrice", **new, SAPR="5")

    assert m3.code("OIS017MI/AddBasePrice", **new, SAPR="5") == "XRE0104"
    assert m3.code("OIS017MI/UpdBasePrice", **new, SAPR="-5") == "XNU0003"
    m3.records("OIS017MI/DelBasePrice", **new)
    assert m3.code("OIS017MI/DelBasePrice", **new) == "XRE0103"
    assert m3.code("OIS017MI/GetPriceList", **{**WEB, "PRRF": "NONE"}) == "XRE0103"


def test_catalogue_has_a_campaign_that_begins_today(m3: M3) -> None:
    made = m3.control("catalogue", {"items": 200, "campaign_share": 0.2})
    today = m3.records("OIS017MI/GetServerTime")[0]["DATE"]

    rows = m3.records("OIS320MI/LstListPrices", PRRF="WEB-SALE", maxrecs="0")

    assert len(rows) == made["campaign"] > 10
    assert {row["FVDT"] for row in rows} == {today}


def test_exchange_rate_is_the_newest_on_the_day(m3: M3) -> None:
    m3.control("rates", {"cucd": "USD", "cutd": "20260601", "arat": "0.9"})

    def rate(day: str) -> dict[str, str]:
        (row,) = m3.records("CRS055MI/SelExchangeRate", CRTP="1", CUTD=day, FCUR="USD", TCUR="USD")
        return row

    assert (rate("20260531")["ARAT"], rate("20260601")["ARAT"], rate("20260601")["LOCD"]) == ("0.862", "0.9", "EUR")
