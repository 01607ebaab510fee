"""Which program, transaction and field names stand behind each operation; built by the runtime, used by the client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from connector.errors import ConfigurationError
from connector.m3.catalogue import Catalogue
from connector.stores.config import OperationConfig
from connector.yaml_text import read_yaml_file, what_is_wrong

PLACE = Path("m3") / "operations.yaml"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as this site has it. `site_names` maps our field names to the site's, where they differ."""

    key: str
    program: str
    transaction: str
    site_names: Mapping[str, str] = field(default_factory=dict)
    is_overridden: bool = False

    def to_site(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Returns the input under the site's names, without blank values: those keep M3's default or old value."""
        return {self.site_names.get(name, name): value for name, value in fields.items() if value != ""}

    def columns_at_site(self, columns: tuple[str, ...]) -> list[str]:
        """Returns the names of the wanted output fields as the site knows them."""
        return [self.site_names.get(name, name) for name in columns]

    def from_site(self, record: dict[str, str]) -> dict[str, str]:
        """Returns a record of the answer under our names."""
        if not self.site_names:
            return record
        ours = {theirs: mine for mine, theirs in self.site_names.items()}
        return {ours.get(name, name): value for name, value in record.items()}


class Operations:
    """The operations of one store: the published ones, some of them bound otherwise at this site."""

    def __init__(self, operations: Mapping[str, Operation]) -> None:
        """Keeps `operations` by key."""
        self._operations = dict(operations)

    def __iter__(self) -> Iterator[Operation]:
        """Goes through all operations."""
        return iter(self._operations.values())

    def standing_in(self, kind: str, *, for_kind: str) -> Operations:
        """Returns these, with those of `kind` in place of those of `for_kind`: credit_memo.confirm for order.confirm."""
        own = {key.partition(".")[2]: one for key, one in self._operations.items() if key.startswith(f"{kind}.")}
        return Operations(self._operations | {f"{for_kind}.{name}": one for name, one in own.items()})

    def get(self, key: str) -> Operation:
        """Returns the operation `key`.

        Raises:
            ConfigurationError: The file does not have it.
        """
        try:
            return self._operations[key]
        except KeyError:
            raise ConfigurationError(
                f"There is no M3 operation {key!r}.",
                resolution=f"Add it to {PLACE} in the configuration directory (PROGRAM/Transaction).",
            ) from None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    operations: dict[str, str]


def load_operations(
    config_dir: Path, overrides: Mapping[str, OperationConfig], *, catalogue: Catalogue | None = None
) -> Operations:
    """Reads the published operations and applies the overrides of a store.

    Args:
        config_dir: The configuration directory (CONNECTOR_CONFIG_DIR); the file is m3/operations.yaml in it.
        overrides: `operations` of the store file: key -> other program, transaction, field names.
        catalogue: The signatures; this package's own when left out.

    Raises:
        ConfigurationError: The file is missing or wrong, a name is not published and not overridden, or an override
            names no operation.
    """
    path = config_dir / PLACE
    published = _read(path)
    unknown = sorted(overrides.keys() - published.keys())
    if unknown:
        raise ConfigurationError(
            f"The store file binds M3 operations that do not exist: {', '.join(unknown)}.",
            resolution=f"Use the keys of {path}.",
        )
    signatures = catalogue or Catalogue.load()
    return Operations({key: _bind(key, name, overrides.get(key), signatures, path) for key, name in published.items()})


def _read(path: Path) -> dict[str, str]:
    try:
        return _File.model_validate(read_yaml_file(path)).operations
    except OSError:
        raise ConfigurationError(
            f"{path.absolute()} is missing or cannot be read.",
            resolution="Put m3/operations.yaml of the release into the configuration directory (CONNECTOR_CONFIG_DIR), or "
            "give the command in the project's folder.",
        ) from None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path}{what_is_wrong(error)}.", resolution="Correct the line.") from None
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'the file'}: {item['msg']}"
            for item in error.errors(include_input=False)
        )
        raise ConfigurationError(
            f"{path}: {wrong}", resolution="Write `operations:` with key: PROGRAM/Transaction."
        ) from None


def _bind(key: str, name: str, override: OperationConfig | None, catalogue: Catalogue, path: Path) -> Operation:
    program, slash, transaction = name.partition("/")
    if not (program and slash and transaction):
        raise ConfigurationError(
            f"{path}: {key}: {name!r} is not PROGRAM/Transaction.", resolution="Correct the entry."
        )
    if override is not None:
        return Operation(
            key,
            override.program or program,
            override.transaction or transaction,
            site_names=dict(override.fields),
            is_overridden=True,
        )
    if catalogue.find(program, transaction) is None:
        raise ConfigurationError(
            f"{path}: {key}: {name} is no published M3 transaction.",
            resolution="Correct the name; bind a transaction of the site's own under `operations` of the store file.",
        )
    return Operation(key, program, transaction)
