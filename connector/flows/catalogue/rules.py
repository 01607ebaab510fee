"""What a store makes of its items: mapping and store file as one. Built per run, pull and comparison from the store."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property

from connector.errors import ConfigurationError
from connector.flows.catalogue.fields import PRODUCT, VARIATION
from connector.flows.context import StoreContext
from connector.m3.programs.item_master import GROUPED, ONLY_IN_BASIC, is_sellable
from connector.mapping.engine import Mapping, Record
from connector.mapping.rules import Rule
from connector.publishing.items import PARENT, ItemsPublishing
from connector.woocommerce.canonical import JSONDict

FLOW = "items_to_woo"
UNITS, STYLE, FAMILY, SKU, GONE, RULES = "units", "style", "family", "sku", "gone", "rules"
"""What stands in the facts of an item besides fields of the item master."""

_ALWAYS = ("ITNO", "STAT", "LMDT")


@dataclass(frozen=True)
class ItemRules:
    """The rules of one store."""

    config: ItemsPublishing
    mapping: Mapping

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The fields of the item master that anything here reads."""
        read = {path.split(".")[1] for path in self.mapping.paths("item")}
        read |= {path.split(".")[1] for path in self.mapping.paths("names")}
        read |= {one.field for one in self.config.select} | set(self.config.categories) | set(_ALWAYS)
        read |= {"HDPR"} if self.has_styles else set()
        read |= {"ALUC"} if self.reads_units else set()
        return tuple(sorted(read - {UNITS}))

    @property
    def columns_of_lists(self) -> tuple[str, ...]:
        """What a list is asked for: everything, or where it does not tell enough, the numbers only."""
        return ("ITNO",) if self.needs_basic else self.columns

    @property
    def has_styles(self) -> bool:
        """Whether the parent of a variation is its style."""
        return self.config.variations is not None and self.config.variations.by == "style"

    @cached_property
    def reads_units(self) -> bool:
        """Whether alternate units have to be read."""
        return any(path.startswith("item.units.") for path in self.mapping.paths("item"))

    @cached_property
    def style_columns(self) -> tuple[str, ...]:
        """The fields of MMS200MI/LstStyle that have to be read; none where styles make no variations."""
        read = {path.split(".")[1] for path in self.mapping.paths(STYLE)} if self.has_styles else set()
        return tuple(sorted(read))

    @cached_property
    def needs_basic(self) -> bool:
        """Whether a list of items does not tell enough."""
        return bool(ONLY_IN_BASIC & set(self.columns))

    @cached_property
    def named_fields(self) -> frozenset[str]:
        """The fields whose values have to be shown by their names."""
        named = {path.split(".")[1] for path in self.mapping.paths("names")}
        return frozenset(named | (set(self.config.categories) & set(GROUPED)))

    @cached_property
    def digest(self) -> str:
        """Changes with the rules, so that a full pull looks at every item anew after a rule was changed."""
        rules = [_told(rule) for name in (PRODUCT, VARIATION) for rule in _record(self.mapping, name).rules]
        text = json.dumps([self.config.model_dump(mode="json"), rules], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def family_of(self, facts: JSONDict) -> str:
        """Returns the number of the parent an item is a variation of; empty if it is none."""
        variations = self.config.variations
        if variations is None:
            return ""
        parent = str(facts.get("HDPR", "")) if variations.by == "style" else self.groups(facts).get(PARENT, "")
        return "" if parent == facts.get("ITNO") else parent

    def groups(self, facts: JSONDict) -> dict[str, str]:
        """Returns the named groups of the pattern on an item number; none if it does not fit."""
        if self.config.variations is None or not self.config.variations.pattern:
            return {}
        found = re.fullmatch(self.config.variations.pattern, str(facts.get("ITNO", "")))
        return {name: text for name, text in found.groupdict().items() if text is not None} if found else {}

    def is_sold(self, facts: JSONDict) -> bool:
        """Tells whether the shop sells an item: it is there, has the status for it, and every condition holds."""
        if facts.get(GONE) or not is_sellable(facts):
            return False
        return all(one.fits(str(facts.get(one.field, ""))) for one in self.config.select)


def item_rules(store: StoreContext) -> ItemRules | None:
    """Returns the rules of a store; None if it does not publish items.

    Raises:
        ConfigurationError: The store file names a field the item master does not have.
    """
    config = store.config.publish.items
    if config is None:
        return None
    rules = ItemRules(config, store.mappings[FLOW])
    for name in config.categories:
        if name not in GROUPED:
            raise ConfigurationError(
                f"publish.items.categories of store {store.name}: {name} has no names in M3.",
                resolution=f"Use some of {', '.join(GROUPED)}.",
            )
    return rules


def _record(mapping: Mapping, name: str) -> Record:
    if name not in mapping.records:
        raise ConfigurationError(
            f"config/mappings/{FLOW}.yaml has no record {name}.", resolution="Add it; docs/mapping.md shows its form."
        )
    return mapping.records[name]


def _told(rule: Rule) -> list[object]:
    lookup = rule.lookup
    return [
        rule.name,
        [[path.text for path in source] for source in rule.sources],
        [rule.constant, rule.separator, rule.default, rule.required],
        [(step.name, repr(step.argument)) for step in rule.steps],
        [lookup.name, sorted(lookup.table.items()), str(lookup.unlisted)] if lookup else None,
        [rule.condition.path.text, sorted(rule.condition.texts), rule.condition.negated] if rule.condition else None,
    ]
