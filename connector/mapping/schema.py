"""The form of a mapping file: the closed set of rule kinds; the loader fills it, the engine never sees it.

docs/mapping.md explains each entry to the people who write them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal, Protocol, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator


class FieldSpec(Protocol):
    """What is known of an input field of an M3 transaction."""

    @property
    def length(self) -> int | None:
        """The most characters it holds."""

    @property
    def numeric(self) -> bool:
        """Whether M3 declares it a number."""

    @property
    def required(self) -> bool:
        """Whether M3 refuses the transaction without it."""


class Unlisted(StrEnum):
    """What a lookup does with a value that its table does not list."""

    REFUSE = "refuse"  # the exchange waits for a person, who adds the entry
    KEEP = "keep"  # the value goes on as it is: the table lists exceptions only
    FIT = "fit"  # as `keep`, where the field holds it; a longer one is left out, with a note
    EMPTY = "empty"  # as if there were no value; `default` may follow


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Source = Annotated[tuple[str, ...], BeforeValidator(_as_list), Field(min_length=1)]
"""One path, or several whose values are joined."""


class TransformForm(_Form):
    """A transform of a rule: `strip`, or with an argument `{cut: 36}`."""

    name: str
    argument: Any = None

    @model_validator(mode="before")
    @classmethod
    def _read_short_form(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"name": value}
        if isinstance(value, dict) and len(value) == 1:
            name, argument = next(iter(value.items()))
            return {"name": name, "argument": argument}
        raise ValueError("write a transform as `name` or as `{name: argument}`")


class WhenForm(_Form):
    """A condition: a path and exactly one test."""

    path: str
    is_: str | None = Field(default=None, alias="is")
    is_not: str | None = None
    in_: tuple[str, ...] | None = Field(default=None, alias="in")
    empty: Literal["true"] | None = None
    not_empty: Literal["true"] | None = None

    @model_validator(mode="after")
    def _has_one_test(self) -> Self:
        tests = (self.is_, self.is_not, self.in_, self.empty, self.not_empty)
        if sum(test is not None for test in tests) != 1:
            raise ValueError("`when` needs exactly one of is, is_not, in, empty, not_empty beside `path`")
        return self


class RuleForm(_Form):
    """One field: where its value comes from and what is done to it on the way."""

    from_: Source | None = Field(default=None, alias="from")
    first_of: tuple[Source, ...] | None = None
    constant: str | None = None
    separator: str = " "
    transforms: tuple[TransformForm, ...] = ()
    lookup: str | None = None
    unlisted: Unlisted = Unlisted.REFUSE
    default: str = ""
    required: bool = False
    when: WhenForm | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        kinds = [kind for kind in (self.from_, self.first_of, self.constant) if kind is not None]
        if len(kinds) != 1:
            raise ValueError("a rule needs exactly one of from, first_of, constant")
        if self.constant is not None and (self.transforms or self.lookup or self.default):
            raise ValueError("a constant takes no transforms, lookup or default; write the value you want")
        if self.unlisted is not Unlisted.REFUSE and self.lookup is None:
            raise ValueError("`unlisted` belongs to a lookup; add `lookup` or remove it")
        return self

    @property
    def sources(self) -> tuple[tuple[str, ...], ...]:
        """The alternatives in their order, each a row of paths."""
        return (self.from_,) if self.from_ is not None else (self.first_of or ())


class RecordForm(_Form):
    """One M3 transaction and the rules of its fields."""

    transaction: str = Field(pattern=r"^[A-Z0-9]+/\w+$")
    given: tuple[str, ...] = ()
    for_each: dict[str, str] = Field(default_factory=dict, max_length=1)
    one_per_line_of: str | None = None
    fields: dict[str, RuleForm] = Field(min_length=1)


class FileForm(_Form):
    """A mapping file: one flow, its records."""

    flow: str
    records: dict[str, RecordForm] = Field(min_length=1)
