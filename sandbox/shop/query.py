"""Reads query strings as PHP does (`include[0]=1`, `status[]=x`); called by `app` and `auth`."""

import re
from urllib.parse import parse_qsl

from sandbox.shop.wire import JSONDict

_BRACKET = re.compile(r"([^\[]+)\[([^\]]*)\]")


def php_pairs(query_string: str) -> list[tuple[str, str]]:
    """List name and value of each argument, `name[]` numbered as PHP numbers it, a later one winning."""
    pairs: dict[str, str] = {}
    for name, value in parse_qsl(query_string, keep_blank_values=True):
        found = _BRACKET.fullmatch(name)
        if found and found.group(2) == "":
            used = sum(1 for known in pairs if known.startswith(found.group(1) + "["))
            name = f"{found.group(1)}[{used}]"
        pairs[name] = value
    return list(pairs.items())


def php_query(query_string: str) -> JSONDict:
    """Read a query string into texts and lists of texts."""
    query: JSONDict = {}
    for name, value in php_pairs(query_string):
        found = _BRACKET.fullmatch(name)
        if found:
            values = query.setdefault(found.group(1), [])
            if isinstance(values, list):
                values.append(value)
        else:
            query[name] = value
    return query
