"""Faults hit what they are told to hit, as often as they are told, and the same way for the same seed."""

import pytest

from sandbox.clock import SystemClock
from sandbox.m3.app import create_app

from .conftest import M3


def rule(fault: str, **options: object) -> dict[str, object]:
    return {"rules": [{"fault": fault, **options}]}


@pytest.mark.parametrize(("fault", "code"), [("lock", "XO_1130"), ("changed_by_other", "XUP0001"), ("nok", "CPF9898")])
def test_item_fault_hits_the_matching_item_only(m3: M3, fault: str, code: str) -> None:
    orno = m3.head()
    m3.control("faults", rule(fault, program="OIS100MI", transaction="AddBatchText", times=1))
    line = {"ORNO": orno, "ITNO": "MUG-001", "SAPR": "1.00"}
    text = {"ORNO": orno, "TYPE": "1", "TYTR": "1", "PARM": "x"}

    body = m3.bulk("OIS100MI", ("AddBatchLine", line), ("AddBatchText", text), ("AddBatchText", text)).get_json()

    assert [result.get("errorCode", "") for result in body["results"]] == ["", code, ""]
    assert m3.book()["batch_orders"][0]["texts"] == ["x"]


def test_terminated_run_processes_nothing_after_it(m3: M3) -> None:
    orno = m3.head()
    m3.control("faults", rule("terminate", transaction="AddBatchText"))
    text = ("AddBatchText", {"ORNO": orno, "TYPE": "1", "TYTR": "1", "PARM": "x"})

    body = m3.bulk("OIS100MI", ("AddBatchLine", {"ORNO": orno, "ITNO": "MUG-001"}), text, text).get_json()

    assert [result.get("notProcessed", False) for result in body["results"]] == [False, True, True]
    assert m3.book()["batch_orders"][0]["texts"] == []


@pytest.mark.parametrize("status", ["15", "20", "25", "30", "55"])
def test_confirm_can_be_made_to_hang_at_any_status(m3: M3, status: str) -> None:
    m3.control("faults", rule("confirm_status", status=status, times=1))
    orno = m3.head()
    m3.line(orno)

    assert m3.confirm(orno) == {"ORNO": orno, "STAT": status}
    assert m3.records("OIS100MI/LstErrMsgOrder", ORNO=orno)
    assert m3.book()["orders"] == []
    if status == "55":
        assert m3.code("OIS100MI/Confirm", ORNO=orno) == "WST0301"
    else:
        assert m3.confirm(orno)["STAT"] == "90"


def test_rates_of_item_faults_spare_reads(m3: M3) -> None:
    m3.control("faults", {"lock": 1, "nok": 1})

    assert m3.records("MMS200MI/GetItmBasic", ITNO="MUG-001")
    assert m3.code("OIS100MI/AddBatchHead", CUNO="GUESTDEEUR") == "XO_1130"


def test_retry_after_is_sent_where_it_is_set(m3: M3) -> None:
    m3.control("faults", {"http_429": 1, "retry_after_s": 7})

    assert m3.get("MMS200MI/GetItmBasic", ITNO="MUG-001").headers["Retry-After"] == "7"


class HandClock(SystemClock):
    """The machine's clock, set ahead by hand."""

    ahead_s = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead_s


def test_outage_window_ends() -> None:
    clock = HandClock()
    m3 = M3(create_app(seed=1, clock=clock).test_client())
    m3.control("faults", {"outage": {"to_s": 600}})
    during = m3.get("MMS200MI/GetItmBasic", ITNO="MUG-001").status_code
    clock.ahead_s += 601

    assert during == 503
    assert m3.get("MMS200MI/GetItmBasic", ITNO="MUG-001").status_code == 200


def test_revoked_token_is_401_until_a_new_one(m3: M3) -> None:
    m3.control("faults", rule("token_revoke", times=1))

    assert m3.get("MMS200MI/GetItmBasic", ITNO="MUG-001").status_code == 401
    assert m3.get("MMS200MI/GetItmBasic", ITNO="MUG-001").status_code == 401
    m3.headers = {"Authorization": f"Bearer {m3.token()['access_token']}"}
    assert m3.get("MMS200MI/GetItmBasic", ITNO="MUG-001").status_code == 200


def test_expired_token_is_401(m3: M3) -> None:
    m3.control("faults", {"expires_in_s": 0})
    m3.headers = {"Authorization": f"Bearer {m3.token()['access_token']}"}

    assert m3.get("MMS200MI/GetItmBasic", ITNO="MUG-001").status_code == 401


def test_same_seed_injects_the_same_faults_and_counts_them(m3: M3) -> None:
    def outcome() -> list[int]:
        m3.control("faults", {"http_503": 0.5, "seed": 3})
        return [m3.get("MMS200MI/GetItmBasic", ITNO="MUG-001").status_code for _ in range(30)]

    first = outcome()

    assert outcome() == first
    assert {200, 503} == set(first)
    counted = m3.http.get("/_control/faults").get_json()["injected"]
    assert counted == {"http_503": {"MMS200MI/GetItmBasic": 2 * first.count(503)}}


def test_times_limits_a_rate(m3: M3) -> None:
    m3.control("faults", {"http_503": 1, "times": {"http_503": 2}})

    assert [m3.get("MMS200MI/GetItmBasic", ITNO="MUG-001").status_code for _ in range(3)] == [503, 503, 200]


def test_gateway_cut_answers_504_and_m3_takes_effect_later(m3: M3) -> None:
    m3.control(
        "faults", {**rule("late_answer", transaction="AddBatchHead"), "gateway_cut_s": 0.05, "late_commit_s": 600}
    )

    assert m3.get("OIS100MI/AddBatchHead", CUNO="GUESTDEEUR").status_code == 504
    assert m3.book()["batch_orders"] == []
    assert m3.control("late") == {"done": 1}
    assert len(m3.book()["batch_orders"]) == 1


def test_latency_over_the_gateway_cut_is_a_504_too(m3: M3) -> None:
    m3.control("faults", {"latency_ms": 100, "gateway_cut_s": 0.05, "late_commit_s": 0.05})

    assert m3.get("OIS100MI/AddBatchHead", CUNO="GUESTDEEUR").status_code == 504


def test_misspelt_fault_is_refused(m3: M3) -> None:
    assert m3.http.post("/_control/faults", json={"http_430": 1}).status_code == 400


def test_negative_amounts_can_end_in_a_minus(m3: M3) -> None:
    m3.control("faults", {"trailing_minus": True})
    orno = m3.head()
    m3.line(orno)
    m3.records("OIS100MI/AddBatchHeadChg", ORNO=orno, CRID="FEE25", CRAM="-3.00")

    assert m3.records("OIS100MI/GetOrderValue", ORNO=m3.confirm(orno)["ORNO"])[0]["EXAM"] == "3.00-"
