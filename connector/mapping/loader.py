"""Loads a mapping file and checks every rule before anything runs; the runtime calls it once per store and flow."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as ReadOnlyMapping
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from pathlib import PurePath
from typing import Any

from pydantic import ValidationError

from connector.errors import ConfigurationError
from connector.mapping.document import Document, read_document
from connector.mapping.engine import Mapping, Record
from connector.mapping.paths import Path, element_type, is_scalar, parse_path, type_at
from connector.mapping.rules import NUMERIC, TO_M3, Condition, Lookup, Rule, Sides, Step
from connector.mapping.schema import FieldSpec, FileForm, RecordForm, RuleForm, TransformForm, WhenForm
from connector.mapping.transforms import TRANSFORMS

Signature = Callable[[str, str], ReadOnlyMapping[str, FieldSpec] | None]

KEY_FIELDS = frozenset({"ALCU", "CUNO", "CUOR", "CUPO", "ITNO", "ORNO", "YREF"})
"""Fields by which a record is found again: shortened, two of them could become one."""

SAYINGS = {
    "extra_forbidden": "there is no such entry; docs/mapping.md lists all",
    "missing": "is missing; add it",
    "model_type": "must be a block of `name: value` lines",
    "dict_type": "must be a block of `name: value` lines",
    "tuple_type": "must be a list, like [a, b]",
    "string_type": "must be one plain value",
    "string_pattern_mismatch": "must look like OIS100MI/AddBatchHead",
}
"""What pydantic's complaints mean in a mapping file, by its error type."""


@dataclass
class _Load:
    """What one load works with, and the problems it has found so far."""

    source: str
    document: Document
    roots: ReadOnlyMapping[str, object]
    signature: Signature
    lookups: ReadOnlyMapping[str, ReadOnlyMapping[str, str]]
    sides: Sides
    problems: list[tuple[int, str]] = field(default_factory=list)

    def wrong(self, place: tuple[str, ...], what: str) -> None:
        """Notes a problem of the entry at `place`."""
        # head.CUNO is clearer than records.head.fields.CUNO
        names = [part for number, part in enumerate(place) if (number, part) not in ((0, "records"), (2, "fields"))]
        names = names or list(place) or ["the file"]
        self.problems.append((self.document.line_of(place), f"{'.'.join(names)}: {what}"))


@dataclass(frozen=True)
class _Where:
    """The rule being built: its record, its field, what it may read, and what M3 says of the field."""

    record: str
    field: str
    roots: ReadOnlyMapping[str, object]
    spec: FieldSpec
    is_lines: bool

    @property
    def place(self) -> tuple[str, ...]:
        """Its place in the document."""
        return ("records", self.record, "fields", self.field)


def load_mapping(
    text: str,
    *,
    source: str,
    roots: ReadOnlyMapping[str, type],
    signature: Signature,
    lookups: ReadOnlyMapping[str, ReadOnlyMapping[str, str]],
    sides: Sides = TO_M3,
) -> Mapping:
    """Loads a mapping file.

    Args:
        text: Its YAML.
        source: Its path, for messages.
        roots: What paths may start with: name -> pydantic model or dataclass.
        signature: Gives the input fields of an M3 transaction (program, transaction), None if there is none.
        lookups: The tables of the store: name -> key -> M3 code.
        sides: Between which two it maps, for messages.

    Raises:
        ConfigurationError: The file cannot be used; names every problem with line, record and field.
    """
    load = _Load(source, read_document(text), roots, signature, lookups, sides)
    load.problems += load.document.problems
    form = None if load.document.data == "" else _form(load)
    if form is None and not load.problems:
        load.problems.append((1, "the file is empty; it needs flow and records"))
    if form is not None and form.flow != PurePath(source).stem:
        load.wrong(("flow",), f"the file of the flow {form.flow} is {form.flow}.yaml; rename the file or the flow")
    records = {name: _record(load, name, record) for name, record in form.records.items()} if form else {}
    if load.problems or form is None:
        raise _refusal(load)
    return Mapping(form.flow, {name: record for name, record in records.items() if record is not None})


def _form(load: _Load) -> FileForm | None:
    try:
        return FileForm.model_validate(load.document.data)
    except ValidationError as error:
        for item in error.errors(include_input=False, include_url=False):
            load.wrong(tuple(str(part) for part in item["loc"]), _said(dict(item)))
        return None


def _said(item: dict[str, Any]) -> str:
    return SAYINGS.get(item["type"], str(item["msg"]).removeprefix("Value error, "))


def _refusal(load: _Load) -> ConfigurationError:
    lines = [f"{load.source}, line {line}, {what}" for line, what in sorted(set(load.problems))]
    return ConfigurationError(
        "\n".join(lines),
        resolution="Correct the named lines; docs/mapping.md explains each kind of rule.",
        problems=len(lines),
    )


def _record(load: _Load, name: str, form: RecordForm) -> Record | None:
    program, transaction = form.transaction.split("/")
    specs = load.signature(program, transaction)
    if specs is None:
        load.wrong(
            ("records", name, "transaction"),
            f"{load.sides.target} has no {form.transaction}; correct program or transaction",
        )
        return None
    each, element, roots = _each(load, name, form)
    _check_record(load, name, form, specs)
    rules = (_rule(load, _Where(name, one, roots, specs[one], one == form.one_per_line_of), form.fields[one])
             for one in form.fields if one in specs)  # fmt: skip
    return Record(program, transaction, tuple(rules), each, element, form.one_per_line_of)


def _each(load: _Load, name: str, form: RecordForm) -> tuple[Path | None, str, ReadOnlyMapping[str, object]]:
    for element, text in form.for_each.items():
        try:
            path = parse_path(text)
            return path, element, {**load.roots, element: element_type(path, load.roots)}
        except ValueError as error:
            load.wrong(("records", name, "for_each"), str(error))
            return None, "", {**load.roots, element: Any}  # so that its fields are not reported a second time
    return None, "", load.roots


def _check_record(load: _Load, name: str, form: RecordForm, specs: ReadOnlyMapping[str, FieldSpec]) -> None:
    place = ("records", name)
    for one in (*form.fields, *form.given):
        if one not in specs:
            entry = (*place, "fields", one) if one in form.fields else (*place, "given")
            load.wrong(entry, f"{form.transaction} has no field {one}{_hint(one, specs)}")
    for one in sorted(set(form.fields) & set(form.given)):
        load.wrong((*place, "fields", one), f"{one} is given by the flow; remove this rule")
    for one, spec in specs.items():
        if spec.required and one not in form.fields and one not in form.given:
            load.wrong(place, f"{form.transaction} needs {one}; add a rule for it")
    if form.one_per_line_of is not None and form.one_per_line_of not in form.fields:
        load.wrong((*place, "one_per_line_of"), f"there is no rule for {form.one_per_line_of}; add one")


def _hint(name: str, names: ReadOnlyMapping[str, object]) -> str:
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else "; correct or remove it"


def _rule(load: _Load, where: _Where, form: RuleForm) -> Rule:
    sources = tuple(_paths(load, where, source, form) for source in form.sources)
    steps = tuple(step for one in form.transforms if (step := _step(load, where, one)) is not None)
    _check_fixed_text(load, where, form)
    _check_lines(load, where, form)
    if form.when is not None and where.spec.required:
        load.wrong(
            where.place, f"{load.sides.target} always needs {where.field}; remove `when`, or give `default` instead"
        )
    return Rule(
        place=f"{load.source}, line {load.document.line_of(where.place)}",
        name=f"{where.record}.{where.field}",
        field=where.field,
        length=where.spec.length,
        numeric=where.spec.numeric,
        sources=sources,
        constant=form.constant or "",
        separator=form.separator,
        steps=steps,
        lookup=_lookup(load, where, form),
        default=form.default,
        required=form.required or where.spec.required,
        condition=_condition(load, where, form.when),
        sides=load.sides,
    )


def _paths(load: _Load, where: _Where, texts: tuple[str, ...], form: RuleForm) -> tuple[Path, ...]:
    found = []
    for text in texts:
        path = _path(load, where, text, form)
        if path is not None:
            found.append(path)
    return tuple(found)


def _path(load: _Load, where: _Where, text: str, form: RuleForm | None) -> Path | None:
    try:
        path = parse_path(text)
        kind = type_at(path, where.roots)
    except ValueError as error:
        load.wrong(where.place, str(error))
        return None
    if not is_scalar(kind):
        load.wrong(where.place, f"{text} is not one plain value; name a part of it")
    elif form is not None and kind is datetime and all(one.name != "date_yyyymmdd" for one in form.transforms):
        load.wrong(where.place, f"{text} is a moment; add the transform {{date_yyyymmdd: <time zone>}}")
    return path


def _step(load: _Load, where: _Where, form: TransformForm) -> Step | None:
    transform = TRANSFORMS.get(form.name)
    if transform is None:
        load.wrong(where.place, f"there is no transform {form.name}{_hint(form.name, TRANSFORMS)}")
        return None
    try:
        argument = transform.read(form.argument)
    except ValueError as error:
        load.wrong(where.place, f"the transform {form.name} {error}")
        return None
    limit, length = transform.limit(argument), where.spec.length
    if limit is not None and length is not None and limit > length:
        load.wrong(where.place, f"{form.name} keeps {limit} characters, {where.field} holds {length}; write {length}")
    if transform.shortens and where.field in KEY_FIELDS:
        load.wrong(where.place, f"{where.field} is a reference and is never shortened; remove {form.name}")
    beside = _path(load, where, argument, None) if transform.beside and argument is not None else None
    return Step(form.name, transform.run, argument, beside)


def _check_fixed_text(load: _Load, where: _Where, form: RuleForm) -> None:
    for text in (form.constant, form.default):
        if text:
            _check_text(load, where, text, repr(text))
    if form.constant == "":
        load.wrong(where.place, "the constant is empty; write the value, or remove the rule")


def _check_text(load: _Load, where: _Where, text: str, what: str) -> None:
    length = where.spec.length
    if length is not None and len(text) > length:
        load.wrong(where.place, f"{what} has {len(text)} characters, {where.field} holds {length}; shorten it")
    if where.spec.numeric and not NUMERIC.fullmatch(text):
        load.wrong(where.place, f"{what} is no number, which {where.field} is in {load.sides.target}; correct it")


def _check_lines(load: _Load, where: _Where, form: RuleForm) -> None:
    """Lines are made by split_lines as the last step of the one field that is repeated, and nowhere else."""
    names = [one.name for one in form.transforms]
    if where.is_lines and names[-1:] != ["split_lines"]:
        load.wrong(where.place, "one_per_line_of needs split_lines as the last transform of this rule; add it")
    if not where.is_lines and "split_lines" in names:
        load.wrong(where.place, f"split_lines needs `one_per_line_of: {where.field}` in the record; add it")


def _lookup(load: _Load, where: _Where, form: RuleForm) -> Lookup | None:
    if form.lookup is None:
        return None
    table = load.lookups.get(form.lookup)
    if table is None:
        hint = "add it under lookups: in the store file, `{}` if it has no entries"
        load.wrong(where.place, f"the store has no table {form.lookup}; {hint}")
        return None
    for key, code in table.items():
        _check_text(load, where, code, f"the store's table {form.lookup}, {key}: {code!r}")
    return Lookup(form.lookup, table, form.unlisted)


def _condition(load: _Load, where: _Where, form: WhenForm | None) -> Condition | None:
    path = None if form is None else _path(load, where, form.path, None)
    if form is None or path is None:
        return None
    if form.in_ is not None:
        return Condition(path, frozenset(form.in_), negated=False)
    if form.empty or form.not_empty:
        return Condition(path, frozenset({""}), negated=form.not_empty is not None)
    text = form.is_ if form.is_ is not None else form.is_not
    return Condition(path, frozenset({text or ""}), negated=form.is_not is not None)
