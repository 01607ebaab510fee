"""Every published example the sandbox imitates: same status, same keys in the same order, same kinds of values."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.m3.tokens import ionapi_file

from .conftest import BASE, M3

EXAMPLES = Path(__file__).parents[2] / "fixtures" / "m3_examples"


def example(name: str) -> dict[str, Any]:
    return dict(json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8")))


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shape(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [shape(entry) for entry in value]
    return type(value).__name__


def same_shape(shown: Any, expected: Any) -> None:
    """Compare keys with their order; fields of records may be more than the example shows."""
    if isinstance(expected, dict):
        assert list(shown) == list(expected)
        for key, entry in expected.items():
            if key == "records":
                assert len(shown[key]) == len(entry)
                for mine, theirs in zip(shown[key], entry, strict=True):
                    assert set(theirs) <= set(mine)
                    assert {type(value) for value in mine.values()} == {str}
            else:
                same_shape(shown[key], entry)
    elif isinstance(expected, list):
        assert len(shown) == len(expected)
        for mine, theirs in zip(shown, expected, strict=True):
            same_shape(mine, theirs)
    else:
        assert shape(shown) == shape(expected)


def prepare(m3: M3, name: str) -> dict[str, str]:
    """Bring M3 into the state the example begins from; give the values to use instead of the made-up ones."""
    if name in ("order-addbatchaddress-ok", "v2-missing-field-http400", "v2-lock-timeout"):
        return {"ORNO": m3.head()}
    if name == "order-confirm-ok":
        orno = m3.head()
        m3.line(orno)
        return {"ORNO": orno}
    if name in ("order-errors-of-batch-order", "order-status-after-confirm-stuck"):
        orno = m3.head()
        m3.control("items", [{"itno": "WOO-OLD"}])
        m3.line(orno, "WOO-OLD")
        m3.control("items", [{"itno": "WOO-OLD", "status": "90"}])
        assert m3.confirm(orno)["STAT"] == "25"
        return {"ORNO": orno}
    if name == "order-list-by-reference":
        for reference in ("W1-104233", "W1-104240", "W1-1"):
            m3.ordered("GUESTDEEUR", YREF=reference)
        return {"CUNO": "GUESTDEEUR"}
    if name == "custom-list-batch-order-by-cuor":
        m3.head(CUOR="W1-104233")
        m3.head(CUOR="W1-104")
    if name == "v2-record-exists":
        example_query = example(name)["request"]["query"] | {"CUNO": "GUESTDEEUR"}
        m3.records("CRS610MI/AddAddress", **example_query)
        return {"CUNO": "GUESTDEEUR"}
    return {"CUNO": "GUESTDEEUR"} if name == "order-addbatchhead-ok" else {}


SINGLE = [
    "custom-list-batch-order-by-cuor",
    "order-addbatchaddress-ok",
    "order-addbatchhead-ok",
    "order-confirm-ok",
    "order-errors-of-batch-order",
    "order-list-by-reference",
    "order-status-after-confirm-stuck",
    "v2-get-ok",
    "v2-lock-timeout",
    "v2-missing-field-http400",
    "v2-nok-http200",
    "v2-nok-http400",
    "v2-record-exists",
    "v2-unknown-transaction-http400",
]


@pytest.mark.parametrize("name", SINGLE)
def test_single_call_answers_as_published(m3: M3, name: str) -> None:
    shown = example(name)
    instead = prepare(m3, name)
    query = {
        **shown["request"]["query"],
        **{key: value for key, value in instead.items() if key in shown["request"]["query"]},
    }
    if name == "v2-get-ok":
        query["ITNO"] = "MUG-001"
    if name == "v2-nok-http400":
        m3.control("faults", {"nok_shape": "400"})
    if name == "v2-lock-timeout":
        m3.control("faults", {"rules": [{"fault": "lock"}]})
    program_and_transaction = "/".join(shown["request"]["url"].split("/")[-2:])

    answer = m3.get(program_and_transaction, **query)

    assert answer.status_code == shown["response"]["status"]
    assert answer.content_type == shown["response"]["headers"]["Content-Type"]
    same_shape(answer.get_json(), shown["response"]["body"])
    for key in ("errorCode", "errorType", "errorField"):
        expected = shown["response"]["body"].get("results", [shown["response"]["body"]])[0].get(key)
        mine = answer.get_json().get("results", [answer.get_json()])[0].get(key)
        assert mine == expected


def test_single_nok_text_is_padded_with_code_and_field_as_published(m3: M3) -> None:
    shown = example("v2-nok-http200")["response"]["body"]["results"][0]["errorMessage"]

    result = m3.get("MMS200MI/GetItmBasic", ITNO="NOSUCH").get_json()["results"][0]

    assert result["errorMessage"] == shown


@pytest.mark.parametrize(
    ("name", "faults"), [("v2-bulk-mixed", {}), ("v2-bulk-terminated", {"rules": [{"fault": "terminate"}]})]
)
def test_bulk_answers_as_published(m3: M3, name: str, faults: dict[str, Any]) -> None:
    shown = example(name)
    body = shown["request"]["json"]
    m3.control("items", [{"itno": "WOO-TSHIRT-M"}])
    orno = m3.head()
    for entry in body["transactions"]:
        entry["record"]["ORNO"] = orno
    if faults:
        # The rule names the second item by a transaction of its own, so that only the last is not processed.
        body["transactions"][1]["transaction"] = "AddBatchText"
        faults["rules"][0]["transaction"] = "AddBatchText"
        m3.control("faults", faults)

    answer = m3.http.post(BASE, data=json.dumps(body), headers=m3.headers)

    assert answer.status_code == 200
    same_shape(answer.get_json(), shown["response"]["body"])
    assert answer.get_json()["results"][0]["records"] == [{"PONR": "1", "POSX": "0"}]


def test_bulk_refuses_keys_after_transactions(m3: M3) -> None:
    body = {"program": "MMS200MI", "transactions": [{"transaction": "GetServerTime", "record": {}}], "cono": 1}

    answer = m3.http.post(BASE, data=json.dumps(body), headers=m3.headers)

    assert answer.status_code == 400


@pytest.mark.parametrize(("name", "fault"), [("gateway-429", "http_429"), ("gateway-504", "http_504")])
def test_gateway_answers_without_a_body(m3: M3, name: str, fault: str) -> None:
    m3.control("faults", {fault: 1})

    answer = m3.get("MMS200MI/GetItmBasic", ITNO="MUG-001")

    assert (answer.status_code, answer.data) == (example(name)["response"]["status"], b"")


@pytest.mark.parametrize("token", ["", "Bearer ", "Bearer unknown", "Basic abc"])
def test_call_without_a_live_token_is_401_without_a_body(m3: M3, token: str) -> None:
    answer = m3.http.get(f"{BASE}/MMS200MI/GetItmBasic", headers={"Authorization": token})

    assert (answer.status_code, answer.data) == (401, b"")


def test_ionapi_file_has_the_published_keys() -> None:
    assert list(ionapi_file("http://127.0.0.1:1")) == list(example("ionapi-file")["file"])


def test_list_rows_come_as_published(m3: M3) -> None:
    shown = example("v2-list-with-positionkey")

    rows = m3.records("CRS610MI/LstByNumber", cono="1", maxrecs="2", LMTS="1760000000000")

    assert len(rows) == 2
    assert set(shown["response"]["body"]["results"][0]["records"][0]) <= set(rows[0])


def test_token_answers_as_published(m3: M3) -> None:
    m3.control("faults", {"refresh_tokens": True})

    first = m3.token()
    second = m3.token(grant_type="refresh_token", refresh_token=first["refresh_token"])

    same_shape(first, example("token-ok")["response"]["body"])
    same_shape(second, example("token-refresh-ok")["response"]["body"])
    assert second["refresh_token"] != first["refresh_token"]
    assert m3.token(grant_type="refresh_token", refresh_token=first["refresh_token"])["error"] == "invalid_grant"


def test_wrong_client_secret_is_refused_as_published(m3: M3) -> None:
    answer = m3.http.post("/SANDBOX_TST/as/token.oauth2", data={"grant_type": "password"}, auth=("x", "y"))

    assert answer.status_code == example("token-refused")["response"]["status"]
    same_shape(answer.get_json(), example("token-refused")["response"]["body"])
