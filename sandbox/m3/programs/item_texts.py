"""MMS030MI, CRS025MI, MMS021MI and lists of MMS200MI: names in other languages, groups, hierarchies, styles; in `registry`."""

from collections.abc import Iterable

from sandbox.m3.entities import Item, ItemName
from sandbox.m3.item_tables import COLOURS, HIERARCHY, ITEM_GROUPS, PRODUCT_GROUPS, SIZES
from sandbox.m3.programs.run import Row, Run
from sandbox.m3.refusals import Refusal
from sandbox.m3.state import CONO


def get_name(run: Run) -> Iterable[Row]:
    """Read the name of an item in a language."""
    return [_name_row(*_named(run))]


def list_names(run: Run) -> Iterable[Row]:
    """List names in item and language order from an item on."""
    for item in run.state.items.with_names(run.text("ITNO")):
        for lncd in sorted(item.names):
            yield _name_row(item, lncd)


def lst_descriptions(run: Run) -> Iterable[Row]:
    """List names of the items between two numbers in the languages between two."""
    for item in run.state.items.with_names(run.text("FITN")):
        if item.itno > run.text("TITN", "~"):
            return
        for lncd in sorted(item.names):
            if run.text("FLNC") <= lncd <= run.text("TLNC", "~"):
                yield _name_row(item, lncd)


def add_name(run: Run) -> Iterable[Row]:
    """Name an item in a language it has no name in yet."""
    item = run.state.item(run.text("ITNO"))
    if run.text("LNCD") in item.names:
        raise Refusal("XRE0104", "LNCD")
    return _set_name(run, item, ItemName(run.text("ITDS"), run.text("FUDS")))


def update_name(run: Run) -> Iterable[Row]:
    """Change the name of an item in a language; what is not sent stays."""
    item, lncd = _named(run)
    old = item.names[lncd]
    return _set_name(run, item, ItemName(run.text("ITDS", old.itds), run.text("FUDS", old.fuds)))


def delete_name(run: Run) -> Iterable[Row]:
    """Take a name away."""
    item, lncd = _named(run)
    del item.names[lncd]
    run.state.touch_item(item)
    return ()


def get_item_group(run: Run) -> Iterable[Row]:
    """Read an item group."""
    if run.text("ITGR") not in ITEM_GROUPS:
        raise Refusal("XRE0103", "ITGR")
    return [_group_row("ITGR", run.text("ITGR"), ITEM_GROUPS)]


def list_item_groups(run: Run) -> Iterable[Row]:
    """List item groups from one on."""
    return (_group_row("ITGR", key, ITEM_GROUPS) for key in sorted(ITEM_GROUPS) if key >= run.text("ITGR"))


def lst_groups_by_key(_run: Run) -> Iterable[Row]:
    """List the item groups as MMS200MI does."""
    return (_group_row("STKY", key, ITEM_GROUPS) for key in sorted(ITEM_GROUPS))


def lst_product_groups(_run: Run) -> Iterable[Row]:
    """List the product groups."""
    return (_group_row("STKY", key, PRODUCT_GROUPS) for key in sorted(PRODUCT_GROUPS))


def get_hierarchy(run: Run) -> Iterable[Row]:
    """Read an entry of the item hierarchy."""
    key = (run.whole("HLVL"), run.text("HIE0"))
    if key not in HIERARCHY:
        raise Refusal("XRE0103", "HIE0")
    return [_hierarchy_row(key)]


def list_hierarchy(run: Run) -> Iterable[Row]:
    """List the item hierarchy by level and key from one on."""
    start = (run.whole("HLVL"), run.text("HIE0"))
    return (_hierarchy_row(key) for key in sorted(HIERARCHY) if key >= start)


def lst_style(run: Run) -> Iterable[Row]:
    """List the variants of styles, colour and size with them, from a style and item on and past it."""
    for item in run.state.items.variants_from(run.text("STYN"), run.text("ITNO")):
        colour, size = item.fields.get("OPTX", ""), item.fields.get("OPTY", "")
        yield {
            "CONO": CONO,
            "ITNO": item.itno,
            "STYN": item.fields["HDPR"],
            "FTIX": "COLOUR" if colour else "",
            "OPTX": colour,
            "TX15": COLOURS.get(colour, colour),
            "FTIY": "SIZE" if size else "",
            "OPTY": size,
            "TY15": SIZES.get(size, size),
            "COLO": colour,
            "SIZE": size,
            "LMDT": item.changed_on,
            "LMTS": str(item.changed_ms),
        }


def _named(run: Run) -> tuple[Item, str]:
    item = run.state.item(run.text("ITNO"))
    if run.text("LNCD") not in item.names:
        raise Refusal("XRE0103", "LNCD")
    return item, run.text("LNCD")


def _set_name(run: Run, item: Item, name: ItemName) -> Iterable[Row]:
    item.names[run.text("LNCD")] = name
    run.state.touch_item(item)
    return ()


def _name_row(item: Item, lncd: str) -> dict[str, str]:
    name = item.names[lncd]
    return {
        "CONO": CONO,
        "ITNO": item.itno,
        "LNCD": lncd,
        "ITDS": name.itds,
        "TEDS": name.itds,
        "SIDS": name.itds[:30],
        "FUDS": name.fuds,
        "SFDS": name.fuds[:60],
        "LMDT": item.changed_on,
        "LMTS": str(item.changed_ms),
    }


def _group_row(field: str, key: str, names: dict[str, str]) -> dict[str, str]:
    return {field: key, "TX40": names[key][:40], "TX15": names[key][:15]}


def _hierarchy_row(key: tuple[int, str]) -> dict[str, str]:
    level, name = key
    text, above = HIERARCHY[key]
    return {
        "CONO": CONO,
        "HLVL": str(level),
        "HIE0": name,
        "TX40": text,
        "TX15": text[:15],
        "ULVL": str(level - 1),
        "ULID": above,
    }
