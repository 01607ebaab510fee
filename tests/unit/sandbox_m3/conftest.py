"""A sandbox M3 without a network: calls go through Flask's test client."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from sandbox.m3.app import create_app
from sandbox.m3.tokens import ACCESS_KEY, CLIENT_ID, CLIENT_SECRET, SECRET_KEY

BASE = "/SANDBOX_TST/M3/m3api-rest/v2/execute"


class M3:
    """What a client of M3 does, in short words."""

    def __init__(self, http: FlaskClient) -> None:
        self.http = http
        self.headers = {"Authorization": f"Bearer {self.token()['access_token']}"}

    def token(self, **form: str) -> dict[str, Any]:
        """Ask for a token with the service account, or with another form."""
        sent = form or {"grant_type": "password", "username": ACCESS_KEY, "password": SECRET_KEY}
        answer = self.http.post("/SANDBOX_TST/as/token.oauth2", data=sent, auth=(CLIENT_ID, CLIENT_SECRET))
        return dict(answer.get_json())

    def get(self, name: str, **query: str) -> TestResponse:
        """Execute one transaction by GET."""
        return self.http.get(f"{BASE}/{name}", query_string=query, headers=self.headers)

    def bulk(self, program: str, *items: tuple[str, Mapping[str, Any]], **options: Any) -> TestResponse:
        """Execute transactions by bulk POST."""
        transactions = [{"transaction": name, "record": dict(record)} for name, record in items]
        body = {"program": program, "cono": 1, "divi": "AAA", **options, "transactions": transactions}
        return self.http.post(BASE, data=json.dumps(body), headers=self.headers, content_type="application/json")

    def records(self, name: str, **query: str) -> list[dict[str, str]]:
        """Execute one transaction that has to succeed."""
        answer = self.get(name, **query).get_json()
        assert answer.get("nrOfSuccessfullTransactions") == 1, answer
        return list(answer["results"][0]["records"])

    def code(self, name: str, **query: str) -> str:
        """Execute one transaction that has to be refused and give the code."""
        result = self.get(name, **query).get_json()["results"][0]
        return str(result["errorCode"])

    def control(self, path: str, body: Any = None) -> Any:
        """Use the control API."""
        answer = self.http.post(f"/_control/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def book(self) -> dict[str, Any]:
        """Read the book."""
        return dict(self.http.get("/_book").get_json())

    def head(self, cuno: str = "GUESTDEEUR", **fields: str) -> str:
        """Begin a batch order."""
        return self.records("OIS100MI/AddBatchHead", CUNO=cuno, **fields)[0]["ORNO"]

    def line(self, orno: str, itno: str = "MUG-001", **fields: str) -> str:
        """Add a line."""
        sent = {"ORQT": "1", "SAPR": "12.90", "SACD": "1", **fields}
        return self.records("OIS100MI/AddBatchLine", ORNO=orno, ITNO=itno, **sent)[0]["PONR"]

    def confirm(self, orno: str) -> dict[str, str]:
        """Confirm a batch order."""
        return self.records("OIS100MI/Confirm", ORNO=orno)[0]

    def ordered(self, cuno: str = "GUESTDEEUR", **head: str) -> str:
        """Make a customer order of one line."""
        orno = self.head(cuno, **head)
        self.line(orno)
        return self.confirm(orno)["ORNO"]


@pytest.fixture
def m3() -> M3:
    return M3(create_app(seed=1).test_client())


@pytest.fixture
def yesterday() -> str:
    return (datetime.now(UTC) - timedelta(days=1)).strftime("%Y%m%d")
