"""Whether the audit trail names every write that M3 and the shop have taken. Used by crash_points and simulation.

Both sandboxes list what took effect, also what nobody saw the answer of. Each such write uses up one line of the same subject and
of its name: so a second write is not taken for told because the first one was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NO_NEWS = {"CUSEXTMI/ChgFieldValue": "the stamp of the installation that writes, renewed each minute"}
SUBJECTS = {
    "ARS040MI": ("PBID",),
    "CRS111MI": ("EMKY",),
    "CRS610MI": ("CUNO",),
    "CUSEXTMI": ("PK01",),
    "GLS840MI": ("KEY1",),
    "MMS200MI": ("ITNO",),
    "MMS310MI": ("ITNO",),
    "MMS850MI": ("MSNR",),
    "OIS100MI": ("ORNO", "YREF", "KFLD"),
    "OIS120MI": ("ORNO",),
}
"""The fields of a program that say what was written to; a program that is not here fails the check."""
OF_MANY = ("AddBatchLine", "AddBatchLineFld")
"""Transactions of which one line tells how many (`lines`) there were."""
PRODUCTS = ("update products", "write prices", "write stock")
TOLD_AS = {
    "PUT orders/#": ("PUT order", "PUT order meta"),
    "POST orders/#/notes": ("POST order note",),
    "DELETE orders/#/notes/#": ("DELETE order note",),
    "BATCH create products": ("create products",),
    "BATCH update products": PRODUCTS,
    "BATCH create products/#/variations": ("create products",),
    "BATCH update products/#/variations": PRODUCTS,
    "DELETE products/#": ("DELETE product",),
    "BATCH create products/categories": ("create category",),
    "BATCH update customers": ("POST customers/batch",),
    "PUT webhooks/#": ("webhook_activated",),
}
"""Request to the shop -> the actions by which the trail tells of it."""


@dataclass(frozen=True)
class Written:
    """A write that took effect: the action that tells of it, and any of the names its subject has."""

    call: str
    actions: tuple[str, ...]
    names: frozenset[str]


class Line:
    """A line of the trail; it tells of so many writes of a name."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        """Reads a row of the table."""
        self.action = str(row["action"])
        values = [*row["before"].values(), *row["after"].values()]
        self.names = {*str(row["key"]).split(), str(row["key"]), *(str(one) for one in values)}
        self._left = dict(row["after"]) if self.action.startswith("add ") else {self.action: 1}
        if self.action.endswith(OF_MANY):
            self._left[self.action] = row["after"]["lines"]

    def take(self, written: Written) -> bool:
        """Uses it up for a write; tells whether it names it, and no other one has used it up."""
        name = next((one for one in written.actions if self._left.get(one)), None)
        if name is None or not self.names & written.names:
            return False
        self._left[name] -= 1
        return True


def untold(
    m3: Iterable[Mapping[str, Any]],
    shop: Iterable[Mapping[str, Any]],
    rows: Iterable[Mapping[str, Any]],
    *,
    items: Mapping[int, str],
) -> list[str]:
    """Returns the writes that no line of the trail names.

    Args:
        m3: What the sandbox M3 lists as written.
        shop: The same of the shop.
        rows: The audit trail.
        items: Product of the shop -> the item it is.
    """
    lines = [Line(row) for row in rows]
    writes: Sequence[Written] = [*(_of_m3(one) for one in m3), *(_of_shop(one, items) for one in shop)]
    missing = [one for one in writes if one.call not in NO_NEWS and not any(line.take(one) for line in lines)]
    return [f"{one.call} of {' or '.join(sorted(one.names))} is not in the audit trail" for one in missing]


def _of_m3(written: Mapping[str, Any]) -> Written:
    call = str(written["call"])
    fields = SUBJECTS[call.partition("/")[0]]
    names = {row[name] for row in (written["sent"], *written["given"]) for name in fields if row.get(name)}
    return Written(call, (call,), frozenset(names))


def _of_shop(written: Mapping[str, Any], items: Mapping[int, str]) -> Written:
    path = str(written["path"])
    call = f"{written['method']} {re.sub(r'[0-9]+', '#', path)}"
    number = re.search(r"[0-9]+", path) if written["method"] in ("PUT", "POST", "DELETE") else None
    found = int(number[0]) if number else int(written["id"])
    names = {str(found)}
    if path.startswith("products"):
        names |= {str(one) for one in (items.get(found), written["sku"], written["name"]) if one}
    return Written(call, TOLD_AS[call], frozenset(names))
