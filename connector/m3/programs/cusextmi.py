"""CUSEXTMI, rows of a site's own with a unique key: who may write for a store. Called by the order flow.

Source: signatures in catalogue.json; order-rules.md section 4 ("claim first").
"""

from __future__ import annotations

from connector.m3.calls import Answer, Call

TABLE = "WOOCONN"
"""FILE of our rows: no table of M3 has this name, so M3 is told not to look for a record there (VEXI)."""


def read_tenure(store: str) -> Call:
    """CUSEXTMI/GetFieldValue – reads a store's row. Read only."""
    return Call("tenure.read", {"FILE": TABLE, "PK01": store}, ("A030",))


def holder(answer: Answer) -> str:
    """Returns what the row says, as last written by an installation.

    Raises:
        ConnectorError: M3 refused; not found means that nobody writes for the store.
    """
    return answer.first().get("A030", "")


def add_tenure(store: str, *, holder: str) -> Call:
    """CUSEXTMI/AddFieldValue – adds a store's row; refused as existing for everybody but the first.

    Args:
        store: The store code.
        holder: Who writes for it, at most 30 characters.
    """
    return Call("tenure.add", _fields(store, holder))


def change_tenure(store: str, *, holder: str) -> Call:
    """CUSEXTMI/ChgFieldValue – replaces what a store's row says. Safe to send twice."""
    return Call("tenure.change", _fields(store, holder))


def _fields(store: str, holder: str) -> dict[str, str]:
    return {"FILE": TABLE, "PK01": store, "A030": holder, "VEXI": "1"}
