"""MMS200MI, MMS021MI, MMS025MI: the item master in lists, with the names of its groups. Called by items_to_woo.

Records are given as M3's own fields, since the mapping file names them. Lists position, they do not filter: every reader
compares each row. Source: signatures in catalogue.json; protocol.md sections 4 and 9 (day resolution, full pages).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from connector.m3.calls import Answer, Call

MOST_ROWS = 1000
"""A page. Some gateways cut every list at 1,000 rows whatever is asked for, so a longer page would look like the end."""

LOWEST = "!"
"""Where a walk over all items begins: the first sign that is no blank. M3 takes no empty item number there."""

ONLY_IN_BASIC = frozenset({"ILEN", "IWID", "IHEI", "MOTP", "ACMC", "SPGV", "RUID", "RGDT", "RGTM", "CHID"})
"""Fields that GetItmBasic gives and the lists do not."""

GROUPED = ("ITGR", "ITCL", "HIE1", "HIE2", "HIE3", "HIE4", "HIE5")
"""Fields whose values have names in M3: item group, product group, levels of the hierarchy."""

SELLABLE_FROM, SELLABLE_BELOW = "20", "90"


@dataclass(frozen=True, slots=True)
class GroupNames:
    """Names by field and code: {"ITGR": {"TSHIRT": "T-shirts"}, "HIE1": {...}}. Of the fields in `cut` M3 may have more."""

    by_field: dict[str, dict[str, str]]
    cut: list[str]


def get_basic(item_number: str, *, columns: Sequence[str], language: str = "") -> Call:
    """MMS200MI/GetItmBasic – reads one item; refused as not found if there is none. Read only.

    Args:
        item_number: ITNO.
        columns: The fields wanted.
        language: LNCD of name and description; empty: those of the item master.
    """
    return Call("item.basic", {"ITNO": item_number, "LNCD": language}, tuple(columns))


def list_from(item_number: str, *, columns: Sequence[str], language: str = "") -> Call:
    """MMS200MI/LstItmByItm – lists items in the order of their numbers, from this one on (it included). Read only."""
    return Call("item.list", {"ITNO": item_number, "LNCD": language}, tuple(columns))


def list_changed(first_day: str, last_day: str, *, columns: Sequence[str], language: str = "") -> Call:
    """MMS200MI/LstItmByChgDate – lists the items changed on these days, both included. Read only.

    Args:
        first_day: FLMD, YYYYMMDD.
        last_day: TLMD, YYYYMMDD; empty: until now.
        columns: The fields wanted.
        language: LNCD.
    """
    return Call("item.changed", {"FLMD": first_day, "TLMD": last_day, "LNCD": language}, tuple(columns))


def list_style(style: str, *, columns: Sequence[str]) -> Call:
    """MMS200MI/LstStyle – lists the items of a style with their options, and goes on past it. Read only."""
    return Call("item.style", {"STYN": style}, ("STYN", "ITNO", *columns))


def is_style_cut(answer: Answer) -> bool:
    """Tells whether the style that was asked for may have more items than were listed."""
    return answer.is_cut_among(partial(_is_of_style, answer))


def read_style(answer: Answer) -> dict[str, dict[str, str]]:
    """Returns the rows of the style that was asked for, by item number."""
    rows = answer.require_of(partial(_is_of_style, answer))
    return {
        row["ITNO"]: {name: row[name] for name in row if name not in ("STYN", "ITNO")} for row in rows if "ITNO" in row
    }


def _is_of_style(answer: Answer, row: Mapping[str, str]) -> bool:
    return row.get("STYN") == answer.call.fields["STYN"]


def list_aliases(item_number: str, *, category: int) -> Call:
    """MMS025MI/LstAlias – lists the aliases of an item from a category on. Read only."""
    fields = {"ITNO": item_number, "ALWT": str(category)}
    return Call("item.aliases", fields, ("ITNO", "ALWT", "ALWQ", "POPN"))


def read_alias(answer: Answer, *, qualifier: str) -> str:
    """Returns the item's first alias of the category and qualifier that were asked for; empty if it has none."""
    wanted = (answer.call.fields["ITNO"], answer.call.fields["ALWT"], qualifier)
    for row in answer.page():
        if (row.get("ITNO", wanted[0]), row.get("ALWT", wanted[1]), row.get("ALWQ", "")) == wanted:
            return row.get("POPN", "")
    answer.require_of(lambda row: (row.get("ITNO", wanted[0]), row.get("ALWT", wanted[1])) == wanted[:2])
    return ""


def list_names(fields: Iterable[str], *, language: str = "") -> list[Call]:
    """Returns the calls that list the names of groups (`GROUPED`): one for all levels of the hierarchy. Read only.

    MMS200MI/LstItmGroups and LstProdGroups, MMS021MI/LstItmHierarchy. A code that is not among them has no name, unless the
    list was cut (`GroupNames.cut`).
    """
    wanted = set(fields)
    calls = []
    if "ITGR" in wanted:
        calls.append(Call("item_group.list", {"LNCD": language}, ("STKY", "TX40", "TX15")))
    if "ITCL" in wanted:
        calls.append(Call("product_group.list", {"LNCD": language}, ("STKY", "TX40", "TX15")))
    if any(one.startswith("HIE") for one in wanted):
        calls.append(Call("hierarchy.list", {}, ("HLVL", "HIE0", "TX40", "TX15")))
    return calls


def list_more_names(answer: Answer) -> Call | None:
    """Returns the call that goes on from the last row of a cut list; None if it is whole, or has no key to go on from.

    Only the hierarchy has one (HLVL, HIE0).
    """
    if not answer.is_cut or answer.call.operation != "hierarchy.list":
        return None
    last = {name: answer.records[-1].get(name, "") for name in ("HLVL", "HIE0")}
    return Call("hierarchy.list", last, answer.call.columns) if last != answer.call.fields else None


def read_names(answers: Iterable[Answer]) -> GroupNames:
    """Returns the names in all answers; a list that is gone on from in another one is not cut."""
    found: dict[str, dict[str, str]] = {}
    cut: list[str] = []
    for answer in answers:
        if answer.is_cut and list_more_names(answer) is None:
            cut += _FIELDS[answer.call.operation]
        for row in answer.page():
            field, code = _named(answer.call.operation, row)
            name = row.get("TX40") or row.get("TX15", "")
            if code and name:
                found.setdefault(field, {})[code] = name
    return GroupNames(found, cut)


def is_sellable(record: Mapping[str, str]) -> bool:
    """Tells whether an item may be sold: status 20 up to, not including, 90. Source: order-rules.md section 6."""
    return SELLABLE_FROM <= record.get("STAT", "") < SELLABLE_BELOW


def _named(operation: str, row: Mapping[str, str]) -> tuple[str, str]:
    if operation == "hierarchy.list":
        return f"HIE{row.get('HLVL', '')}", row.get("HIE0", "")
    return _FIELDS[operation][0], row.get("STKY", "")


_FIELDS = {
    "item_group.list": ("ITGR",),
    "product_group.list": ("ITCL",),
    "hierarchy.list": tuple(one for one in GROUPED if one.startswith("HIE")),
}
"""The fields whose codes each list names."""


def list_naming(field: str) -> str:
    """Returns the operation that lists the names of a group."""
    return next(operation for operation, fields in _FIELDS.items() if field in fields)
