"""Batch orders, Confirm and customer orders behave as order-rules.md and money-and-stock.md say."""

from decimal import Decimal

import pytest

from .conftest import M3

WORKED_LINES = [
    {"CUPO": "1", "ITNO": "MUG-001", "ORQT": "3", "SAPR": "11.61", "SACD": "1"},
    {"CUPO": "2", "ITNO": "MUG-002", "ORQT": "1", "SAPR": "9.00", "SACD": "1"},
    {"CUPO": "3", "ITNO": "PAN-28", "ORQT": "2", "SAPR": "88.19", "SACD": "2"},
    {"CUPO": "4", "ITNO": "RICE-KG", "ORQT": "7", "SAPR": "14.78", "SACD": "7"},
]
WORKED_AMOUNTS = ["34.83", "9.00", "88.19", "14.78"]
WORKED_TAX = ["8.71", "2.25", "22.05", "3.69"]


def worked_order(m3: M3, cuno: str) -> str:
    orno = m3.head(cuno, CUOR="W1-54", YREF="W1-54-1795311984", CUCD="EUR", ORTP="W01", FACI="001", WHLO="001")
    lines = [
        ("AddBatchLine", {"ORNO": orno, "ALUN": "PCE", "SPUN": "PCE", "DIC1": "8", "DIA1": "0", **line})
        for line in WORKED_LINES
    ]
    assert m3.bulk("OIS100MI", *lines).get_json()["nrOfSuccessfullTransactions"] == len(WORKED_LINES)
    m3.records(
        "OIS100MI/AddBatchHeadChg",
        ORNO=orno,
        CRID="SHP25" if cuno.startswith("GUEST") else "SHP00",
        CRAM="5.00",
        CUCD="EUR",
    )
    return orno


def test_worked_example_with_vat_of_m3_comes_to_the_cent(m3: M3) -> None:
    orno = m3.confirm(worked_order(m3, "GUESTDEEUR"))["ORNO"]

    value = m3.records("OIS100MI/GetOrderValue", ORNO=orno)[0]
    lines = m3.records("OIS100MI/LstLine", ORNO=orno)

    figures = {key: value[key] for key in ("NTAM", "EXAM", "ORVA", "VTAM", "TOPY", "ROAM", "CUCD")}
    assert figures == {
        "NTAM": "146.80",
        "EXAM": "5.00",
        "ORVA": "151.80",
        "VTAM": "37.95",
        "TOPY": "189.75",
        "ROAM": "0",
        "CUCD": "EUR",
    }
    assert [line["NLAM"] for line in lines] == WORKED_AMOUNTS
    assert [line["CUPO"] for line in lines] == ["1", "2", "3", "4"]


def test_worked_example_with_tax_sent_as_charges_comes_to_the_cent(m3: M3) -> None:
    orno = worked_order(m3, "TAXTEUR")
    for ponr, amount in enumerate(WORKED_TAX, start=1):
        m3.records("OIS100MI/AddBatchLineChg", ORNO=orno, PONR=str(ponr), POSX="0", CRID="TAX25", CRAM=amount)
    m3.records("OIS100MI/AddBatchHeadChg", ORNO=orno, CRID="STX25", CRAM="1.25")

    value = m3.records("OIS100MI/GetOrderValue", ORNO=m3.confirm(orno)["ORNO"])[0]

    assert (value["VTAM"], value["TOPY"]) == ("0.00", "189.75")


def test_vat_is_rounded_once_per_rate_and_document(m3: M3) -> None:
    orno = m3.head()
    for cupo in ("1", "2", "3"):
        m3.line(orno, SAPR="0.10", CUPO=cupo)

    value = m3.records("OIS100MI/GetOrderValue", ORNO=m3.confirm(orno)["ORNO"])[0]

    # 3 x round(0.025) would be 0.09 (or 0.06 when cut); round(0.075) is 0.08.
    assert value["VTAM"] == "0.08"


def test_items_of_the_reduced_rate_carry_five_percent(m3: M3) -> None:
    orno = m3.head()
    m3.line(orno, "SKU-0010", SAPR="25.00")

    assert m3.records("OIS100MI/GetOrderValue", ORNO=m3.confirm(orno)["ORNO"])[0]["VTAM"] == "1.25"


@pytest.mark.parametrize("cuno", ["TAXTEUR", "GUESTDEEUX"])
def test_exempt_customers_pay_no_vat(m3: M3, cuno: str) -> None:
    assert m3.records("OIS100MI/GetOrderValue", ORNO=m3.ordered(cuno))[0]["VTAM"] == "0.00"


def test_yen_have_no_decimals(m3: M3) -> None:
    orno = m3.head("GUESTUSJPY")
    assert m3.code("OIS100MI/AddBatchLine", ORNO=orno, ITNO="MUG-001", ORQT="1", SAPR="10.5", SACD="1") == "CPF9898"
    m3.line(orno, SAPR="1001", ORQT="1")

    assert m3.records("OIS100MI/GetOrderValue", ORNO=m3.confirm(orno)["ORNO"])[0]["VTAM"] == "250"


@pytest.mark.parametrize(
    ("fields", "amount"),
    [
        ({"SAPR": "10.05", "DIP1": "50"}, "5.03"),
        ({"SAPR": "10.00", "DIA1": "1.5", "ORQT": "2"}, "17.00"),
        ({"SAPR": "12.90", "DIP1": "100", "DIC1": "8", "ORQT": "3"}, "0.00"),
        ({"SAPR": "2.50", "ALUN": "BOX", "SPUN": "PCE", "ORQT": "2"}, "30.00"),
        ({"SAPR": "0", "ORQT": "2"}, "25.80"),
    ],
)
def test_line_amounts(m3: M3, fields: dict[str, str], amount: str) -> None:
    orno = m3.head()
    m3.line(orno, **fields)

    assert m3.records("OIS100MI/LstLine", ORNO=m3.confirm(orno)["ORNO"])[0]["NLAM"] == amount


def test_price_quantity_left_out_is_the_item_default(m3: M3) -> None:
    orno = m3.head()
    m3.records("OIS100MI/AddBatchLine", ORNO=orno, ITNO="PENCIL-001", ORQT="100", SAPR="60")

    assert m3.records("OIS100MI/LstLine", ORNO=m3.confirm(orno)["ORNO"])[0]["NLAM"] == "60.00"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"ITNO": "NOSUCH"}, "WIT0103"),
        ({"ITNO": "BOOK-5"}, "WIT0103"),
        ({"ITNO": "OLD-1"}, "WST0301"),
        ({"WHLO": "999"}, "WWH0103"),
        ({"ALUN": "TON"}, "XRE0103"),
        ({"SPUN": "TON"}, "XRE0103"),
        ({"SAPR": "1.005"}, "CPF9898"),
        ({"SAPR": "12,50"}, "XNU0000"),
        ({"ORQT": "-1"}, "XNU0003"),
        ({"ORQT": "NaN"}, "XNU0000"),
        ({"DWDT": "20200101"}, "WDL0701"),
        ({"DWDT": "20269999"}, "WDL0701"),
        ({"CUPO": "A1"}, "XNU0000"),
        ({"DIP1": "101"}, "CPF9898"),
    ],
)
def test_a_line_m3_cannot_take_is_refused_and_adds_nothing(m3: M3, fields: dict[str, str], code: str) -> None:
    orno = m3.head()
    sent = {"ITNO": "MUG-001", "ORQT": "1", "SAPR": "1.00", "SACD": "1", **fields}

    assert m3.code("OIS100MI/AddBatchLine", ORNO=orno, **sent) == code
    assert m3.records("OIS100MI/LstBatchLine", ORNO=orno) == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"CUNO": "NOBODY"}, "WCU0203"),
        ({"CUNO": "TMPLB2C"}, "WST0301"),
        ({"FACI": "009"}, "WFAC303"),
        ({"WHLO": "009"}, "WWH0103"),
        ({"ORTP": "X99"}, "XRE0103"),
        ({"CUCD": "XXX"}, "XRE0103"),
        ({"RLDT": "20200101"}, "WDL0701"),
    ],
)
def test_a_head_m3_cannot_take_is_refused(m3: M3, fields: dict[str, str], code: str) -> None:
    assert m3.code("OIS100MI/AddBatchHead", **{"CUNO": "GUESTDEEUR", **fields}) == code
    assert m3.book()["batch_orders"] == []


def test_number_series_are_separate_and_start_the_same_way_each_time(m3: M3) -> None:
    first = m3.head()
    m3.line(first)

    assert (first, m3.confirm(first)) == ("0010000001", {"ORNO": "0000045001", "STAT": "90"})
    assert m3.head() == "0010000002"


def test_equal_item_and_date_are_taken_unless_the_order_type_checks_duplicates(m3: M3) -> None:
    orno = m3.head()
    assert (m3.line(orno), m3.line(orno)) == ("1", "2")
    m3.control("faults", {"refuse_duplicate_lines": True})

    assert m3.code("OIS100MI/AddBatchLine", ORNO=orno, ITNO="MUG-001", ORQT="1", SAPR="1") == "XRE0104"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"CRID": "NOSUCH"}, "XRE0103"),
        ({"CRID": "SHU25"}, "CPF9898"),
        ({"CRID": "TAX25"}, "XRE0103"),
        ({"CRID": "SHP25"}, "XRE0104"),
    ],
)
def test_charges_that_cannot_be_connected_are_refused(m3: M3, fields: dict[str, str], code: str) -> None:
    orno = m3.head()
    m3.records("OIS100MI/AddBatchHeadChg", ORNO=orno, CRID="SHP25", CRAM="5.00")

    assert m3.code("OIS100MI/AddBatchHeadChg", ORNO=orno, CRAM="1.00", **fields) == code


def test_negative_charges_reduce_order_and_vat(m3: M3) -> None:
    orno = m3.head()
    m3.line(orno, SAPR="40.00")
    m3.records("OIS100MI/AddBatchHeadChg", ORNO=orno, CRID="FEE25", CRAM="-3.37")
    m3.records("OIS100MI/AddBatchHeadChg", ORNO=orno, CRID="FEE00", CRAM="-0.13")

    value = m3.records("OIS100MI/GetOrderValue", ORNO=m3.confirm(orno)["ORNO"])[0]

    assert (value["EXAM"], value["VTAM"], value["TOPY"]) == ("-3.50", "9.16", "45.66")


def test_confirm_twice_creates_nothing_twice(m3: M3) -> None:
    orno = m3.head()
    m3.line(orno)
    m3.confirm(orno)

    assert m3.code("OIS100MI/Confirm", ORNO=orno) == "WST0301"
    assert len(m3.book()["orders"]) == 1


def test_confirm_without_lines_leaves_status_20_and_no_order(m3: M3) -> None:
    orno = m3.head()

    assert m3.confirm(orno)["STAT"] == "20"
    assert m3.records("OIS275MI/GetTmpOrderStat", ORNO=orno) == [{"ORNO": orno, "ORNR": "", "STAT": "20"}]
    assert m3.records("OIS100MI/GetOrderNo", ORNO=orno) == [{"ORNR": ""}]
    m3.line(orno)
    assert m3.confirm(orno)["STAT"] == "90"


def test_confirm_after_the_delivery_date_has_passed_hangs_at_the_head(m3: M3) -> None:
    orno = m3.head()
    m3.line(orno)
    m3.control("clock", {"offset_s": 2 * 86400})

    assert m3.confirm(orno)["STAT"] == "15"
    assert m3.records("OIS100MI/LstErrMsgOrder", ORNO=orno)[0]["MSID"] == "WDL0701"


def test_delivery_address_number_that_does_not_exist_hangs_at_the_head(m3: M3) -> None:
    orno = m3.head(ADID="BILL01")
    m3.line(orno)

    assert m3.confirm(orno)["STAT"] == "15"
    assert m3.records("OIS100MI/LstErrMsgOrder", ORNO=orno)[0]["MSID"] == "WAD1003"


def test_customer_over_the_credit_limit_stops_at_30_until_a_person_releases(m3: M3) -> None:
    m3.control("customers", [{"cuno": "SMALL", "credit_limit": "10"}])
    orno = m3.head("SMALL")
    m3.line(orno)

    assert m3.confirm(orno)["STAT"] == "30"
    released = m3.control(f"batch_orders/{orno}/release")["orno"]
    assert m3.records("OIS275MI/GetTmpOrderStat", ORNO=orno) == [{"ORNO": orno, "ORNR": released, "STAT": "90"}]


def test_person_releases_all_that_wait_and_nothing_that_is_being_built(m3: M3) -> None:
    m3.control("customers", [{"cuno": "SMALL", "credit_limit": "10"}])
    stopped, being_built = m3.head("SMALL"), m3.head()
    m3.line(stopped)
    m3.line(being_built)
    m3.confirm(stopped)

    (held, building) = m3.book()["batch_orders"]
    released = m3.control("batch_orders/release")["ornos"]

    assert (held["stat"], held["errors"]) == ("30", ["Credit limit exceeded"])
    assert (building["stat"], building["errors"]) == ("20", [])
    assert [order["orno"] for order in m3.book()["orders"]] == released
    assert [batch["temporary_orno"] for batch in m3.book()["batch_orders"]] == [being_built]


def test_deleted_batch_order_is_gone(m3: M3) -> None:
    orno = m3.head()
    m3.records("OIS100MI/DelBatchHead", ORNO=orno)

    for read in ("OIS100MI/GetBatchHead", "OIS275MI/GetTmpOrderStat", "OIS100MI/GetOrderNo", "OIS100MI/LstErrMsgOrder"):
        assert m3.code(read, ORNO=orno) == "WOR0303"
    assert m3.records("OIS100MI/LstBatchHead", CUNO="GUESTDEEUR") == []


def test_confirmed_batch_order_cannot_be_changed_or_deleted(m3: M3) -> None:
    orno = m3.head()
    m3.line(orno)
    m3.confirm(orno)

    assert m3.code("OIS100MI/DelBatchHead", ORNO=orno) == "WST0301"
    assert m3.code("OIS100MI/AddBatchLine", ORNO=orno, ITNO="MUG-001") == "WST0301"


def test_batch_orders_stay_listed_with_their_final_number(m3: M3) -> None:
    orno = m3.head(YREF="W1-1-1", CUOR="W1-1")
    m3.line(orno)
    final = m3.confirm(orno)["ORNO"]
    m3.head("GUESTHREUR")

    (row,) = m3.records("OIS100MI/LstBatchHead", CUNO="GUESTDEEUR")

    assert (row["ORNO"], row["ORNR"], row["STAT"], row["YREF"], row["CUOR"]) == (orno, final, "90", "W1-1-1", "W1-1")


def test_list_by_reference_goes_on_past_the_reference_but_not_past_the_customer(m3: M3) -> None:
    for cuno, reference in (("GUESTDEEUR", "A-1"), ("GUESTDEEUR", "A-3"), ("GUESTHREUR", "A-4")):
        m3.ordered(cuno, YREF=reference)

    rows = m3.records("OIS175MI/LstHeadByRef", CUNO="GUESTDEEUR", YREF="A-2")

    assert [row["YREF"] for row in rows] == ["A-3"]


def test_search_index_lags_behind(m3: M3) -> None:
    m3.control("faults", {"search_lag_s": 60})
    orno = m3.ordered(CUOR="W1-7")
    query = 'CUOR:"W1-7"'

    assert m3.records("OIS100MI/SearchHead", SQRY=query) == []
    m3.control("clock", {"offset_s": 120})
    assert [row["ORNO"] for row in m3.records("OIS100MI/SearchHead", SQRY=query)] == [orno]


def test_lock_and_release_show_in_the_book(m3: M3) -> None:
    orno = m3.ordered()

    m3.records("OIS100MI/LockOrder", ORNO=orno)
    assert m3.book()["orders"][0]["held"] is True
    m3.records("OIS100MI/ReleaseOrder", ORNO=orno)
    assert m3.book()["orders"][0]["held"] is False


def test_stock_follows_the_order(m3: M3) -> None:
    def figures() -> tuple[str, ...]:
        row = m3.records("MMS200MI/GetItmWhsBal", WHLO="001", ITNO="MUG-001")[0]
        return tuple(row[name].removesuffix(".000000") for name in ("STQT", "ALQT", "REQT", "AV01", "AV02"))

    m3.control("items", [{"itno": "MUG-001", "on_hand": "100"}])
    orno = m3.head()
    m3.line(orno, ORQT="3")
    assert figures() == ("100", "0", "0", "100", "100")
    final = m3.confirm(orno)["ORNO"]
    assert figures() == ("100", "0", "3", "100", "97")
    stages = []
    for _ in range(5):
        stages.append((m3.control(f"orders/{final}/advance")["stat"], *figures()))
    assert stages == [
        ("33", "100", "3", "3", "97", "97"),
        ("44", "100", "3", "3", "97", "97"),
        ("66", "97", "0", "0", "97", "97"),
        ("77", "97", "0", "0", "97", "97"),
        ("77", "97", "0", "0", "97", "97"),
    ]


def test_returns_take_negative_quantities_only(m3: M3) -> None:
    orno = m3.head(ORTP="W02")

    assert m3.code("OIS100MI/AddBatchLine", ORNO=orno, ITNO="MUG-001", ORQT="1", SAPR="1") == "CPF9898"
    m3.line(orno, ORQT="-2", SAPR="12.90")
    assert m3.records("OIS100MI/GetOrderValue", ORNO=m3.confirm(orno)["ORNO"])[0]["TOPY"] == "-32.25"


def test_return_of_an_invoice_nobody_made_is_refused(m3: M3) -> None:
    assert m3.code("OIS100MI/AddBatchHead", CUNO="GUESTDEEUR", ORTP="W02", OIVR="1", OYEA="2026") == "XRE0103"


def test_delivered_return_brings_stock_back_and_was_never_reserved(m3: M3) -> None:
    orno = m3.head(ORTP="W02")
    m3.line(orno, ORQT="-2", SAPR="12.90")
    final = m3.confirm(orno)["ORNO"]

    (before,) = [one for one in m3.book()["stock"] if (one["itno"], one["whlo"]) == ("MUG-001", "001")]
    for _ in range(3):
        m3.control(f"orders/{final}/advance")
    (after,) = [one for one in m3.book()["stock"] if (one["itno"], one["whlo"]) == ("MUG-001", "001")]

    assert before["reserved"] == after["reserved"] == after["allocated"] == "0"
    assert int(after["on_hand"]) == int(before["on_hand"]) + 2


def test_changed_line_is_computed_anew_and_keeps_what_was_not_sent(m3: M3) -> None:
    orno = m3.head()
    m3.line(orno, CUPO="7", ORQT="2")
    m3.records("OIS100MI/ChgBatchLine", ORNO=orno, ITNO="MUG-001", PONR="1", ORQT="3")

    (line,) = m3.records("OIS100MI/LstLine", ORNO=m3.confirm(orno)["ORNO"])

    assert (line["CUPO"], line["ORQT"], line["NLAM"]) == ("7", "3", "38.70")


def test_price_of_a_confirmed_line_can_be_corrected(m3: M3) -> None:
    orno = m3.ordered()
    m3.records("OIS100MI/UpdPriceInfo", ORNO=orno, PONR="1", POSX="0", SAPR="0", NTCD="1")

    assert m3.records("OIS100MI/GetOrderValue", ORNO=orno)[0]["TOPY"] == "0.00"


def test_address_of_a_type_is_taken_once_and_read_back(m3: M3) -> None:
    orno = m3.head()
    m3.records("OIS100MI/AddBatchAddress", ORNO=orno, ADRT="01", TOWN="Town", CSCD="DE")

    assert m3.code("OIS100MI/AddBatchAddress", ORNO=orno, ADRT="1", TOWN="Town") == "XRE0104"
    assert m3.records("OIS275MI/GetAddress", ORNO=orno, ADRT="1")[0]["TOWN"] == "Town"


def test_book_tells_everything_and_money_is_text(m3: M3) -> None:
    orno = worked_order(m3, "GUESTDEEUR")
    m3.records("OIS100MI/AddBatchText", ORNO=orno, TYPE="1", TYTR="1", PARM="Ring twice")
    final = m3.confirm(orno)["ORNO"]
    open_one = m3.head(YREF="W1-2-1")

    book = m3.book()

    (order,) = book["orders"]
    assert (order["orno"], order["temporary_orno"], order["total"], order["vat"]) == (final, orno, "189.75", "37.95")
    assert [line["line_amount"] for line in order["lines"]] == WORKED_AMOUNTS
    assert order["charges"] == [{"crid": "SHP25", "amount": "5.00", "vat_code": 1, "text": "Shipping 25 % EUR"}]
    assert order["texts"] == ["Ring twice"]
    assert [(batch["temporary_orno"], batch["stat"]) for batch in book["batch_orders"]] == [(open_one, "20")]
    assert book["calls"]["OIS100MI/AddBatchLine"] == len(WORKED_LINES)
    assert sum(Decimal(line["line_amount"]) for line in order["lines"]) == Decimal(order["net"])


def test_stop_of_an_order_is_set_and_read(m3: M3) -> None:
    orno = m3.ordered()
    m3.records("OIS120MI/UpdCOStop", ORNO=orno, OBLC="5")

    assert m3.records("OIS120MI/GetCOStopInfo", ORNO=orno)[0]["OBLC"] == "5"
    assert m3.records("OIS100MI/GetHead", ORNO=orno)[0]["OBLC"] == "5"


@pytest.mark.parametrize(
    ("name", "query"),
    [("EXPORTMI/Select", {"QERY": "OAORNO from OOHEAD"}), ("OIS175MI/LstBySortOption", {"CUNO": "GUESTDEEUR"})],
)
def test_locked_ways_of_reading_refuse_instead_of_finding_nothing(m3: M3, name: str, query: dict[str, str]) -> None:
    assert m3.code(name, **query) in ("CPF9898", "XRE0103")
