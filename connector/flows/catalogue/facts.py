"""Reads from M3 what the rules of a store need to know of items, in bulk. Used by the run, the pull and the comparison."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from connector.errors import ConnectorError, InvalidPayloadError, PermanentError
from connector.flows.catalogue.rules import FAMILY, GONE, RULES, SKU, STYLE, UNITS, ItemRules
from connector.flows.context import StoreContext
from connector.m3.calls import Answer
from connector.m3.programs import mms015mi
from connector.m3.programs.item_master import (
    MOST_ROWS,
    GroupNames,
    get_basic,
    is_style_cut,
    list_aliases,
    list_more_names,
    list_names,
    list_style,
    read_alias,
    read_names,
    read_style,
)
from connector.m3.rejections import is_not_found
from connector.woocommerce.canonical import JSONDict

NAMES_KEPT_S = 600.0
_NAMES = "names of item groups"
MOST_NAMES = 10_000
_USUAL_STYLE = 30
NO_OTHER_UNITS = "0"
"""ALUC of an item that has no alternate unit; whatever else stands there, units are asked for."""


@dataclass
class FactsRead:
    """The facts of items by number. An item M3 does not have is `gone`; what could not be read has an error."""

    facts: dict[str, JSONDict] = field(default_factory=dict)
    errors: dict[str, ConnectorError] = field(default_factory=dict)


def read_facts(store: StoreContext, rules: ItemRules, *, item_numbers: Sequence[str]) -> FactsRead:
    """Reads items by number, 80 a request.

    Raises:
        RetryableError: M3 is away.
    """
    language = rules.config.language
    calls = [get_basic(one, columns=rules.columns, language=language) for one in item_numbers]
    read = FactsRead()
    records = []
    for number, answer in zip(item_numbers, store.m3.read(calls), strict=True):
        if is_not_found(answer.error):
            read.facts[number] = _marked({"ITNO": number, GONE: "1"}, rules)
        elif answer.error is not None:
            read.errors[number] = answer.error
        elif answer.first().get("ITNO") != number:
            read.errors[number] = _incomplete("number")
        else:
            records.append(answer.first())
    rest = completed(store, rules, records=records)
    return FactsRead(read.facts | rest.facts, read.errors | rest.errors)


def completed(store: StoreContext, rules: ItemRules, *, records: Iterable[dict[str, str]]) -> FactsRead:
    """Returns the facts of items whose records were read: only what the rules read, with units, options and SKU added.

    An item without a status, or one of which M3 refuses units, options or SKU, has an error: it is not taken for one that is
    not sold.

    Raises:
        RetryableError: M3 is away.
        ConfigurationError: It refuses all such questions.
    """
    kept = frozenset(rules.columns)
    read = FactsRead()
    found: list[JSONDict] = []
    for record in records:
        if record.get("STAT"):
            found.append(_marked({name: record[name] for name in record if name in kept}, rules))
        else:
            read.errors[record["ITNO"]] = _incomplete("status")
    if rules.reads_units:
        _add_units(store, [facts for facts in found if facts.get("ALUC") != NO_OTHER_UNITS], read)
    if rules.style_columns:
        _add_styles(store, rules, [facts for facts in found if facts.get(FAMILY)], read)
    if rules.config.sku is not None:
        _add_aliases(store, rules, found, read)
    read.facts = {str(one["ITNO"]): one for one in found if one["ITNO"] not in read.errors}
    return read


def _incomplete(what: str) -> InvalidPayloadError:
    return InvalidPayloadError(
        f"M3 sent a record of the item master without the item's {what}.",
        resolution="Look at the item in M3 (MMS001), and which company answers; the shop was left alone.",
    )


def group_names(store: StoreContext, rules: ItemRules) -> GroupNames:
    """Returns the names of the groups the rules show; asked of M3 every ten minutes.

    Raises:
        RetryableError: M3 is away.
        PermanentError: It refuses such a list.
    """
    if not rules.named_fields:
        return GroupNames({}, [])
    kept = store.remembered.get(_NAMES)
    if kept is not None:
        read_at_s, by_field, cut = json.loads(kept)
        if time.monotonic() - read_at_s < NAMES_KEPT_S:
            return GroupNames(by_field, cut)
    calls = list_names(rules.named_fields, language=rules.config.language)
    answers: list[Answer] = []
    while calls:
        some = store.m3.read(calls, max_records=MOST_NAMES)
        answers += some
        calls = [more for one in some if (more := list_more_names(one)) is not None]
    names = read_names(answers)
    store.remembered[_NAMES] = json.dumps([time.monotonic(), names.by_field, names.cut])
    return names


def _marked(facts: JSONDict, rules: ItemRules) -> JSONDict:
    facts[RULES] = rules.digest
    family = rules.family_of(facts)
    if family:
        facts[FAMILY] = family
    return facts


def _add_units(store: StoreContext, found: list[JSONDict], read: FactsRead) -> None:
    answers = store.m3.read([mms015mi.list_units(str(facts["ITNO"])) for facts in found])
    for facts, answer in zip(found, answers, strict=True):
        try:
            facts[UNITS] = mms015mi.read_units(answer)
        except PermanentError as error:
            read.errors[str(facts["ITNO"])] = error


def _add_styles(store: StoreContext, rules: ItemRules, found: list[JSONDict], read: FactsRead) -> None:
    families = sorted({str(facts[FAMILY]) for facts in found})
    rows: dict[str, dict[str, dict[str, str]]] = {}
    refused: dict[str, PermanentError] = {}
    # The list goes on past the style, so a short one is asked for first; few styles have more items.
    for most in (_USUAL_STYLE, MOST_ROWS):
        asked = [one for one in families if one not in rows and one not in refused]
        calls = [list_style(one, columns=rules.style_columns) for one in asked]
        for answer in store.m3.read(calls, max_records=most):
            if is_style_cut(answer) and most < MOST_ROWS:
                continue
            try:
                rows[answer.call.fields["STYN"]] = _rows_of_style(answer)
            except PermanentError as error:
                refused[answer.call.fields["STYN"]] = error
    for facts in found:
        if facts[FAMILY] in refused:
            read.errors[str(facts["ITNO"])] = refused[str(facts[FAMILY])]
            continue
        chosen = rows[str(facts[FAMILY])].get(str(facts["ITNO"]))
        if chosen:
            facts[STYLE] = chosen


def _rows_of_style(answer: Answer) -> dict[str, dict[str, str]]:
    return {} if is_not_found(answer.error) else read_style(answer)


def _add_aliases(store: StoreContext, rules: ItemRules, found: Collection[JSONDict], read: FactsRead) -> None:
    alias = rules.config.sku
    if alias is None:
        return
    calls = [list_aliases(str(facts["ITNO"]), category=alias.category) for facts in found]
    for facts, answer in zip(found, store.m3.read(calls), strict=True):
        try:
            sku = "" if is_not_found(answer.error) else read_alias(answer, qualifier=alias.qualifier)
        except PermanentError as error:
            read.errors[str(facts["ITNO"])] = error
            continue
        if sku:
            facts[SKU] = sku
