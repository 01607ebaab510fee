"""The rules that say what a message of M3 makes due (config/ion/*.yaml), checked before any is used. Loaded by rule_book.py.

Where a BOD or an event carries its keys differs between sites, so the places are configuration and not code
(reference: ion/bods.md, "Read this first").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from lxml import etree
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from connector.errors import ConfigurationError
from connector.yaml_text import read_yaml_file, what_is_wrong

ITEM_FLOWS = ("items_to_woo", "prices_to_woo", "stock_to_woo")
ORDER_FLOWS = ("order_status_to_woo", "orders_to_m3")
CUSTOMER_FLOWS = ("customers_to_woo",)
LISTENERS = (*ITEM_FLOWS, *ORDER_FLOWS, *CUSTOMER_FLOWS)
"""Flows that may be made due: by item number, by M3's order number, by M3's customer number."""

FILES = ("bods.yaml", "events.yaml")
ANYWHERE = "**."
"""In front of a name in events.yaml: at whatever depth."""


Form = TypeVar("Form", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _known_flows(value: Mapping[str, Any]) -> Mapping[str, Any]:
    for flow in value:
        if flow not in LISTENERS:
            raise ValueError(f"{flow!r} is none of {', '.join(LISTENERS)}")
    return value


class NounForm(_Strict):
    """How one noun is written in bods.yaml; the places are XPaths below the noun, without namespaces."""

    id: str
    variation: str = ""
    accounting_entity: str = ""
    location: str = ""
    due: dict[str, str] = Field(default_factory=dict)

    _flows = field_validator("due")(_known_flows)


class BodForm(_Strict):
    """bods.yaml."""

    verbs: tuple[str, ...]
    nouns: dict[str, NounForm]


class EventForm(_Strict):
    """events.yaml."""

    table: tuple[str, ...]
    tables: dict[str, dict[str, tuple[str, ...]]]

    @field_validator("tables")
    @classmethod
    def _flows(cls, value: dict[str, dict[str, tuple[str, ...]]]) -> dict[str, dict[str, tuple[str, ...]]]:
        for due in value.values():
            _known_flows(due)
        return value


@dataclass(frozen=True)
class NounRule:
    """Where a noun has its identity and the keys of what it makes due. `due` is by flow."""

    id: etree.XPath
    variation: etree.XPath
    accounting_entity: etree.XPath
    location: etree.XPath
    due: Mapping[str, etree.XPath]


@dataclass(frozen=True)
class EventRules:
    """Everything the intake of M3's messages is told by configuration.

    Attributes:
        verbs: Verbs of BODs that are listened to; others are stored only.
        nouns: By the noun's name.
        table_paths: Where an event names its table.
        tables: Places of the keys, by table and flow.
        source: The folder the rules came from, for messages.
    """

    verbs: tuple[str, ...]
    nouns: Mapping[str, NounRule]
    table_paths: tuple[str, ...]
    tables: Mapping[str, Mapping[str, tuple[str, ...]]]
    source: str


def load_event_rules(config_dir: Path) -> EventRules:
    """Loads config/ion/bods.yaml and config/ion/events.yaml.

    Args:
        config_dir: The configuration folder of the deployment.

    Raises:
        ConfigurationError: A file is missing or wrong; names file and entry.
    """
    folder = config_dir / "ion"
    bods_file, events_file = (folder / name for name in FILES)
    bods, events = _read(bods_file, BodForm), _read(events_file, EventForm)
    return EventRules(
        verbs=bods.verbs,
        nouns={name: _noun_rule(bods_file, name, form) for name, form in bods.nouns.items()},
        table_paths=events.table,
        tables={table.upper(): due for table, due in events.tables.items()},
        source=str(folder),
    )


def _read(path: Path, form: type[Form]) -> Form:
    try:
        content = read_yaml_file(path)
    except OSError:
        raise ConfigurationError(
            f"{path.absolute()} is missing or cannot be read.",
            resolution="Put the release's ion files into the configuration directory (CONNECTOR_CONFIG_DIR), or "
            "give the command in the project's folder.",
        ) from None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path}{what_is_wrong(error)}.", resolution="Correct the line.") from None
    try:
        return form.model_validate(content)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise ConfigurationError(
            f"{path} cannot be used. {wrong}", resolution="Correct the named entries; the file's comments explain them."
        ) from None


def _noun_rule(path: Path, name: str, form: NounForm) -> NounRule:
    def place(entry: str, text: str) -> etree.XPath:
        try:
            return etree.XPath(text, smart_strings=False)
        except etree.XPathError as error:
            raise ConfigurationError(
                f"{path}: nouns.{name}.{entry} is no XPath: {error}",
                resolution="Write it as the steps below the noun, without namespaces: ItemMasterHeader/ItemID/ID.",
            ) from None

    return NounRule(
        id=place("id", form.id),
        variation=place("variation", form.variation or f"({form.id})/@variationID"),
        accounting_entity=place("accounting_entity", form.accounting_entity or f"({form.id})/@accountingEntity"),
        location=place("location", form.location or f"({form.id})/@location"),
        due={flow: place(f"due.{flow}", text) for flow, text in form.due.items()},
    )
