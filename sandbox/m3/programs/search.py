"""The query language of the Search transactions, as far as published; order and customer searches use it."""

import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase

from sandbox.m3.refusals import Refusal

TERM = re.compile(r'([A-Z0-9]{4}):(?:"([^"]*)"|(\S+))')
Matcher = Callable[[Mapping[str, str]], bool]


def parse_query(query: str) -> Matcher:
    """Turn `FIELD:value AND FIELD:"a value" OR ...` into a test of a row; `*` and `?` are wildcards, case counts.

    Raises:
        Refusal: a term is not FIELD:value.
    """
    groups = [[_parse_term(term) for term in re.split(r"\s+AND\s+", group)] for group in re.split(r"\s+OR\s+", query)]
    return lambda row: any(
        all(fnmatchcase(row.get(field, ""), pattern) for field, pattern in group) for group in groups
    )


def _parse_term(term: str) -> tuple[str, str]:
    found = TERM.fullmatch(term.strip())
    if found is None:
        raise Refusal("CPF9898", "SQRY", message="The search query is not FIELD:value")
    return found[1], (found[2] if found[2] is not None else found[3]).replace("[", "[[]")
