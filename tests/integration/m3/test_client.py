"""The M3 client against a gateway that answers, refuses, breaks off and keeps silent."""

from __future__ import annotations

import json
import time
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from structlog.testing import capture_logs

from connector.errors import (
    BreakerOpenError,
    ConfigurationError,
    ConnectorError,
    M3RejectedError,
    MappingError,
    OutcomeUnknownError,
    RateLimitedError,
    RecordLockedError,
    RemoteUnavailableError,
)
from connector.m3 import transport
from connector.m3.client import Call, M3Client
from connector.m3.ionapi import IonApi, parse_ionapi
from connector.m3.programs import batch_orders, gls200mi, mms200mi, ois100mi, ois275mi
from connector.ports import free_port
from connector.stores.config import OperationConfig
from tests.integration.m3.conftest import MakeClient
from tests.integration.m3.gateway import EXECUTE, Behaviour, Gateway, after, cut, half, reply, results

NUMBER = "0010000123"
CONFIRM = batch_orders.confirm(NUMBER)
ITEM = mms200mi.get_item_basic("MUG-001")
NOK = {"errorMessage": "Item number X does not exist   WIT0103 ITNO", "errorCode": "WIT0103", "errorField": "ITNO"}


def line(number: int) -> Call:
    return batch_orders.add_batch_line(NUMBER, {"ITNO": f"ITEM-{number}", "ORQT": "1", "CUPO": str(number)})


def test_a_bulk_goes_out_as_published(client: M3Client, gateway: Gateway) -> None:
    (answer,) = client.write([batch_orders.add_batch_head({"CUNO": "W1", "CUOR": "", "YREF": "Zoë"})])

    (seen,) = gateway.calls
    assert seen.path == EXECUTE
    assert list(seen.json.items())[:-1] == [
        *[("program", "OIS100MI"), ("cono", 1), ("divi", "AAA"), ("lanc", "GB"), ("dateFormat", "YMD8")],
        *[("excludeEmptyValues", True), ("rightTrim", True), ("maxReturnedRecords", 100)],
    ]
    assert list(seen.json)[-1] == "transactions"
    assert seen.json["transactions"] == [
        {"transaction": "AddBatchHead", "record": {"CUNO": "W1", "YREF": "Zoë"}, "selectedColumns": ["ORNO"]}
    ]
    assert seen.headers["Authorization"] == "Bearer token-1"
    assert (seen.headers["Accept"], seen.headers["Content-Type"]) == ("application/json", "application/json")
    assert answer.processed and answer.error is None


def test_no_personal_data_and_no_token_is_in_the_address_or_the_log(client: M3Client, gateway: Gateway) -> None:
    with capture_logs() as logs:
        client.write([batch_orders.add_batch_address(NUMBER, {"CUNM": "Anna Example", "TOWN": "Köln"})])

    assert gateway.calls[0].path == EXECUTE
    assert "Anna" not in str(logs) and "token-1" not in str(logs) and NUMBER not in str(logs)
    (call,) = [log for log in logs if log["event"] == "m3_call"]
    assert (call["program"], call["transactions"], call["count"], call["outcome"]) == (
        *("OIS100MI", "AddBatchAddress"),
        *(1, "200"),
    )


def test_calls_of_several_programs_are_one_request_each_and_keep_their_places(
    client: M3Client, gateway: Gateway
) -> None:
    calls = [ITEM, ois275mi.get_temporary_order_status(NUMBER), mms200mi.get_item_basic("PAN-28")]

    answers = client.read(calls)

    assert [seen.json["program"] for seen in gateway.calls] == ["MMS200MI", "OIS275MI"]
    assert [answer.call for answer in answers] == calls
    assert [answer.first() for answer in answers] == [{"ITNO": "MUG-001"}, {"ORNO": NUMBER}, {"ITNO": "PAN-28"}]


def test_more_than_eighty_calls_are_split(client: M3Client, gateway: Gateway) -> None:
    answers = client.write([line(number) for number in range(1, 162)])

    assert [len(seen.json["transactions"]) for seen in gateway.calls] == [80, 80, 1]
    assert [answer.first()["CUPO"] for answer in answers] == [str(number) for number in range(1, 162)]


def test_nothing_to_send_sends_nothing(client: M3Client, gateway: Gateway) -> None:
    assert client.read([]) == []
    assert gateway.calls == []


def test_each_call_of_a_bulk_has_its_own_outcome(client: M3Client, gateway: Gateway) -> None:
    locked = {"errorMessage": "Please try again later", "errorCode": "XO_1130"}
    gateway.answers.append(
        results(
            *({"records": [{"PONR": " 1 "}]}, NOK, locked, {"notProcessed": True}),
            **{"wasTerminated": True, "nrOfFailedTransactions": 2, "terminationReason": "made-up"},
        )
    )

    done, refused, busy, skipped = client.write([line(number) for number in range(4)])

    assert (done.records, done.error, done.processed) == (({"PONR": "1"},), None, True)
    assert isinstance(refused.error, M3RejectedError) and refused.processed
    assert refused.error.message.startswith("OIS100MI/AddBatchLine: Item number X does not exist [WIT0103]")
    assert isinstance(busy.error, RecordLockedError)
    assert isinstance(skipped.error, RemoteUnavailableError) and not skipped.processed
    with pytest.raises(M3RejectedError):
        refused.require()


@pytest.mark.parametrize("count", [1, 3])
def test_an_error_at_the_top_with_http_400_refuses_every_call(client: M3Client, gateway: Gateway, count: int) -> None:
    gateway.answers.append(reply(400, {**NOK, "errorType": "ServerReturnedNOK"}))

    answers = client.write([line(number) for number in range(count)])

    assert [type(answer.error) for answer in answers] == [M3RejectedError] * count


def test_a_full_list_is_marked_as_cut(client: M3Client, gateway: Gateway) -> None:
    rows = [{"ITNO": "A"}, {"ITNO": "B"}]
    gateway.answers += [results({"records": rows}), results({"records": rows})]

    full, part = (client.read([ois100mi.list_lines(NUMBER)], max_records=most)[0] for most in (2, 3))

    assert (full.is_cut, part.is_cut) == (True, False)
    assert gateway.calls[0].json["maxReturnedRecords"] == 2


LONG, ITEMS = [{"VONO": "7"}] * 1000, [{"ITNO": "MUG"}] * 1001
VOUCHERS = gls200mi.list_vouchers(division="AAA", first=date(2026, 11, 1), last=date(2026, 11, 1))


@pytest.mark.parametrize(
    ("probe", "is_cut"),
    [
        ({"records": ITEMS[:1000]}, True),
        ({"records": ITEMS}, False),
        ({"records": ITEMS[:300]}, True),  # so few items show nothing
        (NOK, True),
    ],
    ids=["gateway gives no more", "gateway gives more", "few items", "items refused"],
)
def test_list_of_a_thousand_rows_is_doubted_unless_the_gateway_gives_more(
    client: M3Client, gateway: Gateway, probe: dict[str, Any], is_cut: bool
) -> None:
    gateway.answers += [results({"records": LONG}), results(probe)]

    (answer,) = client.read([VOUCHERS], max_records=100_000)

    assert (answer.is_cut, [seen.json["program"] for seen in gateway.calls]) == (is_cut, ["GLS200MI", "MMS200MI"])


def test_a_longer_list_shows_that_the_gateway_gives_more(client: M3Client, gateway: Gateway) -> None:
    longer = results({"records": [*LONG, *LONG[:1]]})
    gateway.answers += [
        results({"records": LONG}),
        results({"records": ITEMS[:300]}),
        longer,
        results({"records": LONG}),
    ]

    cut = [client.read([VOUCHERS], max_records=100_000)[0].is_cut for _ in range(3)]

    assert (cut, [seen.json["program"] for seen in gateway.calls]) == (
        [True, False, False],
        ["GLS200MI", "MMS200MI", "GLS200MI", "GLS200MI"],
    )


def test_what_the_gateway_gives_is_asked_once(client: M3Client, gateway: Gateway) -> None:
    long = results({"records": LONG})
    gateway.answers += [long, results({"records": ITEMS[:1000]}), long, results({"records": LONG[:999]})]

    cut_twice = [client.read([VOUCHERS], max_records=100_000)[0].is_cut for _ in range(3)]

    assert (cut_twice, len(gateway.calls)) == ([True, True, False], 4)


def test_a_value_that_does_not_fit_is_refused_before_anything_is_sent(client: M3Client, gateway: Gateway) -> None:
    with pytest.raises(MappingError, match="field ITNO: the value has 16"):
        client.write([line(1), batch_orders.add_batch_line(NUMBER, {"ITNO": "X" * 16})])

    assert gateway.calls == gateway.token_calls == []


NO_ANSWER: dict[str, Behaviour] = {
    "connection cut after the request": cut,
    "cut in the middle of the answer": half,
    "silence longer than the gateway's cut": after(1.5, cut),
    "504 of the gateway": reply(504),
    "503 of the gateway": reply(503, b"busy", Retry_After="1"),
    "500": reply(500, NOK),
    "302": reply(302, Location="https://elsewhere.example.com/"),
    "408": reply(408),
    "200 that is no JSON": reply(200, b"<html>"),
    "200 without a body": reply(200),
    "400 that is no JSON": reply(400, b"Bad Request"),
    "fewer results than calls": results({"records": []}),
    "results of something else": results({"transaction": "GetHead"}, {"transaction": "GetHead"}),
    "a failure that no result shows": results({"records": []}, {"records": []}, nrOfFailedTransactions=1),
}


@pytest.fixture
def hasty(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> M3Client:
    monkeypatch.setattr("connector.m3.client.BEYOND_CUT_S", 0.5)
    return make_client(gateway_cut_s=0.5)


@pytest.mark.parametrize("what", NO_ANSWER)
def test_a_write_without_a_readable_answer_is_an_unknown_outcome_and_not_repeated(
    hasty: M3Client, gateway: Gateway, what: str
) -> None:
    gateway.answers.append(NO_ANSWER[what])

    with pytest.raises(OutcomeUnknownError) as unknown:
        hasty.write([line(1), line(2)])

    assert len(gateway.calls) == 1
    assert "OIS100MI/AddBatchLine (2 transactions)" in unknown.value.message
    assert "ITEM" not in unknown.value.message


@pytest.mark.parametrize("what", NO_ANSWER)
def test_a_read_without_a_readable_answer_is_worth_another_try(hasty: M3Client, gateway: Gateway, what: str) -> None:
    gateway.answers.append(NO_ANSWER[what])

    with pytest.raises(RemoteUnavailableError):
        hasty.read([ITEM, ITEM])

    assert len(gateway.calls) == 1


NOT_EXECUTED: dict[str, tuple[Behaviour, type[ConnectorError], str]] = {
    "403": (reply(403), ConfigurationError, "authorisation policy"),
    "404": (reply(404, b"<html>"), ConfigurationError, "api_path"),
    "405": (reply(405), ConfigurationError, "POST"),
    "413": (reply(413), M3RejectedError, "Shorten"),
    "429": (reply(429, Retry_After="7"), RateLimitedError, ""),
}


@pytest.mark.parametrize("what", NOT_EXECUTED)
def test_a_refusal_of_the_gateway_is_surely_not_executed(client: M3Client, gateway: Gateway, what: str) -> None:
    behaviour, kind, remedy = NOT_EXECUTED[what]
    gateway.answers.append(behaviour)

    with pytest.raises(kind) as refused:
        client.write([CONFIRM])

    assert remedy in refused.value.resolution
    assert len(gateway.calls) == 1


def test_a_429_holds_back_all_workers_for_the_time_it_names(client: M3Client, gateway: Gateway) -> None:
    gateway.answers.append(reply(429, Retry_After="40"))
    with pytest.raises(RateLimitedError) as first:
        client.write([CONFIRM])

    with pytest.raises(RateLimitedError) as second:
        client.read([ITEM])

    assert first.value.retry_after_s == 40
    assert second.value.retry_after_s == pytest.approx(40, abs=2)
    assert len(gateway.calls) == 1


@pytest.fixture
def closed_door(ionapi: IonApi, gateway: Gateway) -> IonApi:
    """A gateway that is away; only its token endpoint works."""
    return parse_ionapi(json.dumps({**gateway.ionapi, "iu": f"http://127.0.0.1:{free_port()}"}))


def test_a_refused_connection_is_surely_not_executed(client: M3Client, closed_door: IonApi) -> None:
    client._transport = transport.Transport(closed_door.execute_url("x"), read_timeout_s=60)

    with pytest.raises(RemoteUnavailableError, match="cannot be reached"):
        client.write([CONFIRM])


def test_five_lost_answers_in_a_row_stop_all_workers(client: M3Client, gateway: Gateway) -> None:
    gateway.answers += [reply(503)] * 5
    for _ in range(5):
        with pytest.raises(OutcomeUnknownError):
            client.write([CONFIRM])

    with pytest.raises(BreakerOpenError):
        client.write([CONFIRM])

    assert len(gateway.calls) == 5


def test_a_refusal_by_m3_is_no_failure_of_the_endpoint(client: M3Client, gateway: Gateway) -> None:
    gateway.answers += [results(NOK)] * 6

    answers = [client.write([line(1)])[0] for _ in range(6)]

    assert all(isinstance(answer.error, M3RejectedError) for answer in answers)


def test_a_401_renews_the_token_once_and_repeats_the_call_once(client: M3Client, gateway: Gateway) -> None:
    gateway.answers.append(reply(401))

    (answer,) = client.write([CONFIRM])

    assert answer.first() == {"ORNO": NUMBER}
    assert [seen.headers["Authorization"] for seen in gateway.calls] == ["Bearer token-1", "Bearer token-2"]
    assert gateway.calls[0].body == gateway.calls[1].body


def test_a_second_401_stops_with_what_to_look_at(client: M3Client, gateway: Gateway) -> None:
    gateway.answers += [reply(401), reply(401), reply(401)]

    with pytest.raises(ConfigurationError, match="fresh access token") as refused:
        client.write([CONFIRM])

    assert "service account" in refused.value.resolution
    assert (len(gateway.calls), len(gateway.token_calls)) == (2, 2)


def test_if_a_later_request_is_not_executed_the_answers_of_the_earlier_ones_are_kept(
    client: M3Client, gateway: Gateway
) -> None:
    gateway.answers += [results(*[{"records": []}] * 80), reply(403)]

    answers = client.write([line(number) for number in range(82)])

    assert all(answer.processed and answer.error is None for answer in answers[:80])
    assert [(answer.processed, type(answer.error)) for answer in answers[80:]] == [(False, ConfigurationError)] * 2


def test_if_a_later_request_has_no_answer_the_whole_write_is_unknown(client: M3Client, gateway: Gateway) -> None:
    gateway.answers += [results(*[{"records": []}] * 80), cut]

    with pytest.raises(OutcomeUnknownError):
        client.write([line(number) for number in range(82)])


def test_an_operation_bound_otherwise_goes_out_under_the_sites_names(make_client: MakeClient, gateway: Gateway) -> None:
    client = make_client(
        order__add_head=OperationConfig(program="ZOS100MI", transaction="NewHead", fields={"CUNO": "ZCUS"})
    )

    (answer,) = client.write([batch_orders.add_batch_head({"CUNO": "W1", "ZZNEW": "x" * 500})])

    assert gateway.calls[0].json["program"] == "ZOS100MI"
    sent = gateway.calls[0].json["transactions"][0]
    assert (sent["transaction"], sent["record"]) == ("NewHead", {"ZCUS": "W1", "ZZNEW": "x" * 500})
    assert answer.first()["CUNO"] == "W1"


def test_a_renamed_field_of_a_published_transaction_is_sent_and_the_others_checked(
    make_client: MakeClient, gateway: Gateway
) -> None:
    client = make_client(order__add_head=OperationConfig(fields={"CUOR": "ZZOR"}))

    client.write([batch_orders.add_batch_head({"CUNO": "W1", "CUOR": "x" * 99})])
    with pytest.raises(MappingError, match="field CUNO"):
        client.write([batch_orders.add_batch_head({"CUNO": "X" * 11})])

    assert gateway.calls[0].json["transactions"][0]["record"] == {"CUNO": "W1", "ZZOR": "x" * 99}


def test_one_connection_carries_the_calls_of_an_order(
    client: M3Client, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "MAX_IDLE_S", 30)
    for _ in range(5):
        client.write([CONFIRM])

    assert len({seen.connection for seen in gateway.calls}) == 1


def test_a_connection_that_was_idle_is_not_used_again(
    client: M3Client, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "MAX_IDLE_S", 0.05)
    client.write([CONFIRM])
    time.sleep(0.1)

    client.write([CONFIRM])

    assert len({seen.connection for seen in gateway.calls}) == 2


def test_a_netrc_file_does_not_replace_the_token(
    client: M3Client, gateway: Gateway, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))

    client.write([CONFIRM])

    assert gateway.calls[0].headers["Authorization"] == "Bearer token-1"


def test_amounts_of_an_answer_stay_exact(client: M3Client, gateway: Gateway) -> None:
    gateway.answers.append(reply(200, b'{"results":[{"records":[{"TOPY":189.75,"ROAM":"0.10-"}]}]}'))

    value = ois100mi.read_order_value(client.read([ois100mi.get_order_value("45678")])[0])

    assert (value.total, value.rounding) == (Decimal("189.75"), Decimal("-0.10"))
