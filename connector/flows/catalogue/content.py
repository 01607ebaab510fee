"""What a product or variation of the shop shall hold, made of what M3 says. Pure; used by the run and the comparison.

Content is a JSON object by field (`publishing.items.FIELDS`, and `sku`, `options`). Its values have one form for what is
wanted, what the shop holds and what was written, so that they can be compared:
texts; weight and dimensions as plain numbers without trailing zeros; categories as the path of one ("Apparel > Tops");
attributes {name: {"options": [...], "variation": bool}}; meta {key: text}; options {attribute: option}.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from connector.errors import MappingError
from connector.flows.catalogue.fields import ATTRIBUTE, DIMENSIONS, META, OPTION, PRODUCT, VARIATION
from connector.flows.catalogue.rules import SKU, STYLE, UNITS, ItemRules
from connector.m3.programs.item_master import GroupNames, list_naming
from connector.mapping.rules import Values
from connector.woocommerce.canonical import JSONDict

PUBLISHED, DRAFT, TRASH, DISABLED = "publish", "draft", "trash", "private"
"""Statuses of products; a variation that is not sold is `private`, as the shop's own switch makes it."""

BETWEEN = " > "
"""Stands between the names of a category's path."""


class Maker:
    """Makes contents by the rules of a store."""

    def __init__(self, rules: ItemRules, names: GroupNames) -> None:
        """Keeps the rules, and the names of groups."""
        self._rules = rules
        self._names = names

    def product(self, facts: JSONDict, *, is_on: bool) -> JSONDict:
        """Returns the content of a simple product, or of a parent without its variations' attributes.

        Raises:
            MappingError: A rule cannot place a value; names the rule.
        """
        content = self._mapped(PRODUCT, facts)
        category = self._category(facts)
        if category:
            content["categories"] = category
        content["status"] = PUBLISHED if is_on else self._rules.config.removed
        return content

    def parent(self, facts: JSONDict, options: Iterable[Mapping[str, str]], *, is_on: bool) -> JSONDict:
        """Returns the content of the product of a family: its attributes hold every option of its variations once.

        Raises:
            MappingError: A rule cannot place a value; names the rule.
        """
        content = self.product(facts, is_on=is_on)
        united: dict[str, list[str]] = {}
        for one in options:
            for name, option in one.items():
                listed = united.setdefault(name, [])
                if option not in listed:
                    listed.append(option)
        varying = {name: {"options": listed, "variation": True} for name, listed in united.items()}
        content["attributes"] = {**content.get("attributes", {}), **varying}
        content["sku"] = str(facts["ITNO"])
        return content

    def variation(self, facts: JSONDict, *, is_on: bool) -> JSONDict:
        """Returns the content of a variation.

        Raises:
            MappingError: A rule cannot place a value; names the rule.
        """
        content = self._mapped(VARIATION, facts)
        content["status"] = PUBLISHED if is_on else DISABLED
        return content

    def options(self, facts: JSONDict) -> dict[str, str]:
        """Returns by which options an item is told from the others of its family; empty ones are left out.

        Raises:
            MappingError: A rule cannot place a value; names the rule.
        """
        fields = self._fields(VARIATION, facts, only=OPTION)
        return {name.removeprefix(OPTION): text for name, text in fields.items() if text}

    def _mapped(self, record: str, facts: JSONDict) -> JSONDict:
        content: JSONDict = {"sku": sku_of(facts)}
        for name, text in self._fields(record, facts).items():
            if name in DIMENSIONS:
                content.setdefault("dimensions", {})[name] = plain_number(text)
            elif name.startswith(ATTRIBUTE):
                if text:
                    one = {"options": [text], "variation": False}
                    content.setdefault("attributes", {})[name.removeprefix(ATTRIBUTE)] = one
            elif name.startswith(META):
                content.setdefault("meta", {})[name.removeprefix(META)] = text
            elif name.startswith(OPTION):
                if text:
                    content.setdefault("options", {})[name.removeprefix(OPTION)] = text
            else:
                content[name] = _READERS.get(name, str)(text)
        if content.get("tax_class") == "standard":
            content["tax_class"] = ""  # the shop's own name of it
        return content

    def _fields(self, record: str, facts: JSONDict, *, only: str = "") -> dict[str, str]:
        """Returns every field the record has a rule for; empty where the rule gives nothing."""
        spec = self._rules.mapping.records[record]
        values = self._values(facts)
        if not only:
            fields = self._rules.mapping.apply(record, values=values).fields
            return {rule.field: fields.get(rule.field, "") for rule in spec.rules}
        found = {}
        for rule in spec.rules:
            if rule.field.startswith(only) and rule.counts(values):
                found[rule.field], _ = rule.evaluate(values)
        return found

    def _values(self, facts: JSONDict) -> Values:
        return {
            "item": {UNITS: {}, **facts},
            "names": {field: self._name(field, facts) for field in self._rules.named_fields},
            "style": facts.get(STYLE, {}),
            "number": self._rules.groups(facts),
        }

    def _category(self, facts: JSONDict) -> str:
        path: list[str] = []
        for field in self._rules.config.categories:
            name = self._name(field, facts)
            if not name:
                break
            path.append(" ".join(name.replace(BETWEEN.strip(), "/").split()))
        return BETWEEN.join(path)

    def _name(self, field: str, facts: JSONDict) -> str:
        code = str(facts.get(field, ""))
        name = self._names.by_field.get(field, {}).get(code)
        if name is None and code and field in self._names.cut:
            raise MappingError(
                f"The name of {field} {code} is not known: M3 gave a part of the list of names only.",
                rule=field,
                field=field,
                resolution="Have the gateway in front of M3 give more rows of a list at once; or name, under `operations` of the "
                f"store file, a transaction of the site's for {list_naming(field)} that gives all names. Then: connector sync "
                f"items_to_woo --ids {facts['ITNO']}.",
            )
        return code if name is None else name


def sku_of(facts: JSONDict) -> str:
    """Returns the SKU of an item: its alias where the store has it so, else its number."""
    return str(facts.get(SKU) or facts.get("ITNO", ""))


def plain_number(text: str) -> str:
    """Returns a number without trailing zeros, so that 0.350 and 0.35 are equal; empty for none and for 0."""
    if not text.strip():
        return ""
    value = Decimal(text)
    return format(value.normalize(), "f") if value else ""


def whole_number(text: str) -> str:
    """Returns a number without a fraction; empty for none and for 0.

    Raises:
        MappingError: It has a fraction.
    """
    plain = plain_number(text)
    if "." in plain:
        raise MappingError(
            f"The place in the menu is {plain}, and the shop takes whole numbers only.",
            rule="menu_order",
            field="menu_order",
            resolution="Let the rule give a whole number.",
        )
    return plain


_READERS = {"weight": plain_number, "menu_order": whole_number}


def in_words(error: MappingError, *, item_number: str) -> tuple[str, str]:
    """Returns what is wrong with an item that a rule cannot place, and what to do."""
    return (
        f"{error.message}",
        f"Correct item {item_number} in M3 (MMS001), or the rule {error.rule} (docs/mapping.md). {error.resolution}",
    )


def joined(paths: Sequence[str]) -> str:
    """Returns several category paths as one text, for showing."""
    return " | ".join(sorted(paths))
