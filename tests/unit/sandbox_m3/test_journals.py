"""The generic interface to the ledgers: what it refuses, when it posts, and that only the ledger tells."""

from typing import Any

import pytest

from .conftest import M3

KEY = {"CONO": "1", "KEY1": "W1P0000000000A1"}
DAY = "20261120"


def begin(m3: M3, interface: str = "WEBGL", **more: str) -> None:
    m3.records("GLS840MI/AddBatchHead", INTN=interface, DESC="Web shop", **{**KEY, **more})


def add(m3: M3, number: int, *, account: str, amount: str, side: str, **more: str) -> None:
    fields = {"INRI": "G1", "AIT1": account, "CUAM": amount, "DBCR": side, "CUCD": "EUR", "ACDT": DAY, "VTXT": "W1P"}
    m3.records("GLS840MI/AddBatchLineFld", KEY1=KEY["KEY1"], LINE=str(number), **{**fields, **more})


def begin_balanced(m3: M3, **more: str) -> None:
    begin(m3)
    add(m3, 1, account="1580", amount="12.50", side="D", **more)
    add(m3, 2, account="2420", amount="12.50", side="C", **more)


def vouchers(m3: M3) -> list[tuple[str, str, str]]:
    rows = m3.records("GLS200MI/LstVouchersByDt", FRDT=DAY, TODT=DAY)
    return [(row["AIT1"], row["CUAM"], row["VTXT"]) for row in rows]


def batch(m3: M3) -> dict[str, Any]:
    return dict(m3.book()["journal_batches"][0])


def test_balanced_batch_becomes_a_voucher(m3: M3) -> None:
    begin_balanced(m3)
    m3.records("GLS840MI/CtrlBatch", **KEY)
    m3.records("GLS840MI/UpdBatch", **KEY)

    assert vouchers(m3) == [("1580", "12.50", "W1P"), ("2420", "-12.50", "W1P")]
    assert [one["key1"] for one in m3.book()["journals"]] == [KEY["KEY1"]]


def test_key_is_never_given_twice(m3: M3) -> None:
    begin_balanced(m3)

    assert m3.code("GLS840MI/AddBatchHead", INTN="WEBGL", DESC="Web shop", **KEY) == "XRE0104"


def test_line_is_never_added_twice(m3: M3) -> None:
    begin_balanced(m3)

    sent = {"KEY1": KEY["KEY1"], "LINE": "1", "INRI": "G1", "CUAM": "1"}
    assert m3.code("GLS840MI/AddBatchLineFld", **sent) == "XRE0104"


def test_unbalanced_batch_is_refused_and_stays_in_error(m3: M3) -> None:
    begin(m3)
    add(m3, 1, account="1580", amount="12.50", side="D")

    assert m3.code("GLS840MI/CtrlBatch", **KEY) == "CPF9898"
    assert m3.code("GLS840MI/UpdBatch", **KEY) == "WST0301"
    assert batch(m3)["stat"] == "in error"


@pytest.mark.parametrize("wrong", [{"AIT1": "9999"}, {"AIT1": "1510"}, {"CUCD": "XXX"}, {"CUAM": "12.505"}])
def test_line_m3_cannot_post_is_refused_by_the_control(m3: M3, wrong: dict[str, str]) -> None:
    begin(m3)
    fields = {"INRI": "G1", "AIT1": "1580", "CUAM": "12.50", "CUCD": "EUR", "ACDT": DAY, **wrong}
    for number, side in ((1, "D"), (2, "C")):
        m3.records("GLS840MI/AddBatchLineFld", KEY1=KEY["KEY1"], LINE=str(number), DBCR=side, **fields)

    assert m3.code("GLS840MI/CtrlBatch", **KEY) == "CPF9898"


def test_batch_in_a_closed_period_is_refused(m3: M3) -> None:
    m3.control("ledger", {"closed_through": DAY})
    begin_balanced(m3)

    assert m3.code("GLS840MI/CtrlBatch", **KEY) == "CPF9898"


def test_period_closed_after_the_control_is_refused_by_the_update(m3: M3) -> None:
    begin_balanced(m3)
    m3.records("GLS840MI/CtrlBatch", **KEY)
    m3.control("ledger", {"closed_through": DAY})

    assert m3.code("GLS840MI/UpdBatch", **KEY) == "CPF9898"


def test_update_is_answered_before_the_job_has_posted(m3: M3) -> None:
    m3.control("ledger", {"lag_s": 60})
    begin_balanced(m3)
    m3.records("GLS840MI/CtrlBatch", **KEY)
    m3.records("GLS840MI/UpdBatch", **KEY)

    assert vouchers(m3) == []
    assert m3.code("GLS840MI/UpdBatch", **KEY) == "WST0301"
    m3.control("clock", {"offset_s": 61})
    assert len(vouchers(m3)) == 2


def test_update_that_the_job_loses_is_answered_all_the_same(m3: M3) -> None:
    m3.control("ledger", {"fails_silently": True})
    begin_balanced(m3)
    m3.records("GLS840MI/CtrlBatch", **KEY)
    m3.records("GLS840MI/UpdBatch", **KEY)

    assert vouchers(m3) == []


def test_customer_invoice_by_its_layout_is_open_until_it_is_paid(m3: M3) -> None:
    add_invoice(m3)

    assert m3.records("ARS200MI/LstInvoices", CUNO="GUESTDEEUR")[0]["RECO"] == "0"
    m3.records("ARS040MI/AddBatchHead", PBID="77", BOPE="WEB", ACDT=DAY)
    paid = {"CINO": "W1-54", "INYR": "2026", "CUNO": "GUESTDEEUR", "PYAM": "12.50"}
    m3.records("ARS040MI/AddBatchLine", PBID="77", TRNO="1", **paid)
    m3.records("ARS040MI/ControlBatch", PBID="77")
    assert m3.control("payments/update")["pbids"] == ["77"]
    totals = {"PYNO": "GUESTDEEUR", "CUNO": "GUESTDEEUR", "CINO": "W1-54", "INYR": "2026"}
    row = m3.records("ARS200MI/GetInvTotInfo", **totals)[0]
    assert (row["RECO"], row["PCUA"], row["OCUA"]) == ("9", "12.50", "0.00")


def test_invoice_number_is_never_given_twice(m3: M3) -> None:
    add_invoice(m3)

    with pytest.raises(AssertionError, match="exists already"):
        add_invoice(m3, KEY1="W1I0000000000A2")


def add_invoice(m3: M3, **more: str) -> None:
    key = {**KEY, **more}
    begin(m3, "WEBINV", **more)
    head = f"I1{'GUESTDEEUR':10}{'GUESTDEEUR':10}{'W1-54':15}2026{DAY}{DAY}EUR{'12.50':>17}{DAY}{'W1I':40}1510"
    row = f"I2{'3010':10}{'':10}EUR{'12.50':>17}C{DAY}01{'W1I':40}"
    m3.records("GLS840MI/AddBatchLine", LINE="1", PARM=head, **key)
    m3.records("GLS840MI/AddBatchLine", LINE="2", PARM=row, **key)
    m3.records("GLS840MI/CtrlBatch", **key)
    m3.records("GLS840MI/UpdBatch", **key)
