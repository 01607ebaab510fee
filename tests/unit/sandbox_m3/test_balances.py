"""Stock per warehouse: what orders, counts and adjustments do to it, and how its changes are found."""

import pytest

from .conftest import M3


def figures(m3: M3, itno: str = "MUG-001", whlo: str = "001") -> dict[str, str]:
    row = m3.records("MMS200MI/GetItmWhsBal", WHLO=whlo, ITNO=itno)[0]
    return {name: row[name] for name in ("STQT", "ALQT", "REQT", "AV01", "AV02")}


def now(m3: M3) -> str:
    return m3.records("OIS100MI/GetServerTime")[0]["LMTS"]


def changed(m3: M3, since: str) -> list[tuple[str, str]]:
    return [(row["ITNO"], row["WHLO"]) for row in m3.records("OIS100MI/LstNewBalances", LMTS=since, maxrecs="0")]


def test_warehouses_have_stock_of_their_own(m3: M3) -> None:
    m3.control("stock", [{"itno": "MUG-001", "on_hand": "5"}, {"itno": "MUG-001", "whlo": "003", "add": "7.5"}])

    assert figures(m3)["STQT"] == "5.000000"
    assert figures(m3, whlo="003")["AV01"] == "7.500000"
    rows = m3.records("OIS100MI/LstWarehBalance", ITNO="MUG-001")
    assert [(row["WHLO"], row["AV02"]) for row in rows] == [
        ("001", "5.000000"),
        ("002", "0.000000"),
        ("003", "7.500000"),
    ]


def test_batch_order_is_in_no_figure_and_each_status_moves_its_own(m3: M3) -> None:
    m3.control("stock", {"itno": "MUG-001", "on_hand": "10"})
    temporary = m3.head()
    m3.line(temporary, ORQT="4")
    before = figures(m3)
    orno = m3.confirm(temporary)["ORNO"]
    at_22 = figures(m3)
    m3.control(f"orders/{orno}/advance", {"to": "33"})
    at_33 = figures(m3)
    m3.control(f"orders/{orno}/advance", {"to": "66"})
    at_66 = figures(m3)

    assert (before["AV01"], before["AV02"]) == ("10.000000", "10.000000")
    assert (at_22["AV01"], at_22["AV02"]) == ("10.000000", "6.000000")
    assert (at_33["AV01"], at_33["AV02"]) == ("6.000000", "6.000000")
    assert at_66 == dict.fromkeys(("STQT", "AV01", "AV02"), "6.000000") | dict.fromkeys(("ALQT", "REQT"), "0.000000")


def test_all_orders_advance_together(m3: M3) -> None:
    ornos = [m3.ordered(), m3.ordered()]

    assert m3.control("orders/advance", {"to": "33"})["ornos"] == ornos
    assert m3.control("orders/advance", {"to": "33"})["ornos"] == []
    assert m3.http.post("/_control/orders/advance", json={"to": "34"}).status_code == 409
    assert m3.control(f"orders/{ornos[0]}/advance", {"to": "22"})["stat"] == "33"


def test_new_balances_name_what_changed_since_once_and_in_order(m3: M3) -> None:
    m3.control("clock", {"offset_s": 10})
    since = now(m3)
    m3.control("stock", [{"itno": itno, "add": "1"} for itno in ("MUG-002", "LAMP-1", "MUG-002")])
    m3.control("stock", {"itno": "LAMP-1", "whlo": "003", "add": "1"})

    assert changed(m3, since) in (
        [("MUG-002", "001"), ("LAMP-1", "001"), ("LAMP-1", "003")],
        [("LAMP-1", "001"), ("MUG-002", "001"), ("LAMP-1", "003")],
    )


def test_order_and_its_progress_stamp_the_balance(m3: M3) -> None:
    orno = m3.ordered()

    for ahead_s, status in ((10, "33"), (20, "66")):
        m3.control("clock", {"offset_s": ahead_s})
        since = now(m3)
        m3.control(f"orders/{orno}/advance", {"to": status})
        assert changed(m3, since) == [("MUG-001", "001")]


def test_stamps_never_go_back(m3: M3) -> None:
    m3.control("clock", {"offset_s": 100})
    m3.control("stock", {"itno": "LAMP-1", "add": "1"})
    m3.control("clock", {"offset_s": 99.5})
    since = str(int(now(m3)) + 400)

    m3.control("stock", {"itno": "MUG-001", "add": "1"})

    assert changed(m3, since) == [("LAMP-1", "001"), ("MUG-001", "001")]


def test_server_time_is_the_form_of_the_stamps(m3: M3) -> None:
    m3.control("clock", {"offset_s": 5})
    before = int(now(m3))
    m3.control("stock", {"itno": "MUG-001", "add": "1"})

    row = m3.records("MMS060MI/LstNewItemBal", ITNO="MUG-001", LMTS=str(before))[0]

    assert (row["WHLO"], row["WHSL"]) == ("001", "MAIN")
    assert m3.records("MMS060MI/LstNewItemBal", ITNO="MUG-001", LMTS=str(int(now(m3)) + 1_000)) == []


def test_count_is_absolute_and_reads_back(m3: M3) -> None:
    place = {"WHLO": "001", "ITNO": "MUG-001", "WHSL": "MAIN"}
    for _ in range(2):
        m3.records("MMS310MI/Update", **place, STQI="42", BREM="woo-count-7")

    (row,) = m3.records("MMS310MI/Get", **place)
    assert (row["STQT"], row["STQI"], row["BREM"]) == ("42", "42", "woo-count-7")
    assert figures(m3)["STQT"] == "42.000000"


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"WHSL": "X"}, "XRE0103"), ({"STQI": "-1"}, "XNU0003"), ({"WHLO": "009"}, "WWH0103"), ({"ITNO": "X"}, "WIT0103")],
)
def test_wrong_count_is_refused(m3: M3, fields: dict[str, str], code: str) -> None:
    sent = {"WHLO": "001", "ITNO": "MUG-001", "WHSL": "MAIN", "STQI": "1", **fields}

    assert m3.code("MMS310MI/Update", **sent) == code


def test_adjustment_is_a_difference_and_each_call_counts(m3: M3) -> None:
    m3.control("stock", {"itno": "MUG-001", "on_hand": "10"})
    sent = {"E0PA": "WOO", "E065": "WMS", "WHLO": "001", "WHSL": "MAIN", "ITNO": "MUG-001"}

    numbers = [m3.records("MMS850MI/AddAdjust", **sent, QLQT="-2")[0]["MSNR"] for _ in range(2)]
    m3.records("MMS850MI/AddAdjust", **sent, QLQT="1", QLUN="BOX")

    assert len(set(numbers)) == 2
    assert figures(m3)["STQT"] == "12.000000"


def test_adjustment_under_a_number_of_our_own_is_taken_once(m3: M3) -> None:
    m3.control("stock", {"itno": "MUG-001", "on_hand": "10"})
    sent = {"E0PA": "WOO", "E065": "WMS", "WHLO": "001", "ITNO": "MUG-001", "QLQT": "-2", "MSNR": "77"}
    m3.records("MMS850MI/AddAdjust", **sent)

    assert m3.code("MMS850MI/AddAdjust", **sent) == "XRE0104"
    assert figures(m3)["STQT"] == "8.000000"


def test_stock_message_is_read_again_by_its_number(m3: M3) -> None:
    m3.control("stock", {"itno": "MUG-001", "on_hand": "10"})
    number = {"MSNR": "W1S1", "MSLN": "1", "MSGS": "1"}
    whole = {"E0PA": "WEB", "E065": "WMS", "WHLO": "001", "ITNO": "MUG-001", "QLQT": "-2", "PMSN": "17", **number}
    m3.records("MMS850MI/AddAdjust", **whole)

    (identity,) = m3.records("MMS850MI/GetStkId", MSNR="W1S1", MSLN="1")
    (instruction,) = m3.records("MMS850MI/GetStkIns", **number)
    assert (identity["ITNO"], identity["PMSN"]) == ("MUG-001", "17")
    assert (instruction["QLQT"], instruction["STAT"], instruction["MSGD"]) == ("-2.000000", "90", "")
    assert m3.code("MMS850MI/GetStkId", MSNR="W1S2", MSLN="1") == "XRE0103"


def test_stock_messages_are_listed_by_partner_and_external_number(m3: M3) -> None:
    sent = {"E065": "WMS", "WHLO": "001", "ITNO": "MUG-001", "QLQT": "-2"}
    for number, (partner, external) in {"A": ("WEB", "17"), "B": ("WEB", "18"), "C": ("EDI", "17")}.items():
        m3.records("MMS850MI/AddAdjust", **sent, E0PA=partner, MSNR=number, PMSN=external)

    listed = m3.records("MMS850MI/LstMvxMsg", E0PB="WEB", PMSN="17")

    assert [(row["MSGN"], row["STAT"]) for row in listed] == [("A", "90")]


def test_stock_message_that_is_not_executed_moves_nothing_until_it_is_run(m3: M3) -> None:
    m3.control("stock", {"itno": "MUG-001", "on_hand": "10"})
    m3.control("stock/messages", {"fails": "WWB3106", "says": "1"})
    m3.records("MMS850MI/AddAdjust", E0PA="WEB", E065="WMS", WHLO="001", ITNO="MUG-001", QLQT="-2", MSNR="9", MSGS="1")
    (held,) = m3.records("MMS850MI/GetStkIns", MSNR="9", MSLN="1", MSGS="1")
    before = figures(m3)["STQT"]
    m3.control("stock/messages/9/run", {})

    assert (held["STAT"], held["MSID"], held["MSGD"], before) == ("15", "WWB3106", "1", "10.000000")
    assert figures(m3)["STQT"] == "8.000000"


def test_trailing_minus_is_sent_in_numbers_and_in_numbers_as_text(m3: M3) -> None:
    m3.control("faults", {"trailing_minus": True})
    m3.control("clock", {"offset_s": 10})
    since = now(m3)

    m3.control("stock", {"itno": "MUG-001", "on_hand": "-3"})

    assert figures(m3)["AV01"] == "3.000000-"
    assert m3.records("OIS100MI/LstNewBalances", LMTS=since)[0]["AV01"] == "3.000000-"
    assert m3.records("MMS310MI/Get", WHLO="001", ITNO="MUG-001")[0]["STQT"] == "3-"


def test_sum_list_begins_at_an_item(m3: M3) -> None:
    rows = m3.records("MMS200MI/LstSumWhsBal", WHLO="001", POPN="TSHIRT-M-RED", maxrecs="2")

    assert [row["ITNO"] for row in rows] == ["TSHIRT-M-RED", "TSHIRT-S-BLUE"]


def test_stock_control_wants_a_count_or_a_difference(m3: M3) -> None:
    for wrong in ({"itno": "MUG-001"}, {"itno": "MUG-001", "whlo": "009", "add": "1"}):
        assert m3.http.post("/_control/stock", json=wrong).status_code == 400
    assert m3.http.post("/_control/stock", json={"itno": "NO", "add": "1"}).status_code == 404
