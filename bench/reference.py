"""What the connector is measured against: one process that does the fixed six M3 calls of an order, one after the other.

It keeps nothing, checks nothing and never looks back: head, lines, address and charges, Confirm, status, value.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import requests


class SixCalls:
    """A naive client of the sandbox M3."""

    def __init__(self, m3_url: str) -> None:
        """Gets a token."""
        self._session = requests.Session()
        file = self._session.get(f"{m3_url}/_control/ionapi", timeout=10).json()
        form = {"grant_type": "password", "username": file["saak"], "password": file["sask"]}
        answer = self._session.post(file["pu"] + file["ot"], data=form, auth=(file["ci"], file["cs"]), timeout=10)
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        self._address = f"{file['iu']}/{file['ti']}/M3/m3api-rest/v2/execute"
        self._day = (datetime.now(UTC) + timedelta(days=5)).strftime("%Y%m%d")

    def rate(self, orders: int) -> float:
        """Posts orders of three lines and returns how many a second."""
        began = time.perf_counter()
        for _ in range(orders):
            self._post_one()
        return orders / (time.perf_counter() - began)

    def _post_one(self) -> None:
        head = {
            "CUNO": "GUESTHREUR", "ORTP": "W01", "FACI": "001", "WHLO": "001", "CUCD": "EUR", "RLDT": self._day,
        }  # fmt: skip
        temporary = self._bulk("OIS100MI", ("AddBatchHead", head))[0]["records"][0]["ORNO"]
        line = {"ORNO": temporary, "ORQT": "2", "WHLO": "001", "DWDT": self._day, "SAPR": "9.90", "SACD": "1"}
        items = ("SKU-0003", "SKU-0017", "SKU-0041")
        self._bulk("OIS100MI", *(("AddBatchLine", {**line, "ITNO": item}) for item in items))
        address = {"ORNO": temporary, "ADRT": "1", "CUNM": "B", "CUA1": "Ilica 1", "TOWN": "Zagreb", "CSCD": "HR"}
        charge = {"ORNO": temporary, "CRID": "SHP25", "CRAM": "5.00", "CUCD": "EUR"}
        self._bulk("OIS100MI", ("AddBatchAddress", address), ("AddBatchHeadChg", charge))
        confirmed = self._bulk("OIS100MI", ("Confirm", {"ORNO": temporary}))[0]["records"][0]
        self._bulk("OIS275MI", ("GetTmpOrderStat", {"ORNO": temporary}))
        self._bulk("OIS100MI", ("GetOrderValue", {"ORNO": confirmed["ORNO"]}))

    def _bulk(self, program: str, *calls: tuple[str, dict[str, str]]) -> list[dict[str, Any]]:
        body = {
            "program": program,
            "cono": 1,
            "divi": "AAA",
            "dateFormat": "YMD8",
            "maxReturnedRecords": 100,
            "transactions": [{"transaction": name, "record": record} for name, record in calls],
        }
        answer = self._session.post(self._address, json=body, timeout=30).json()
        if answer.get("nrOfFailedTransactions"):
            raise RuntimeError(f"M3 refused: {answer}")
        results: list[dict[str, Any]] = answer["results"]
        return results
