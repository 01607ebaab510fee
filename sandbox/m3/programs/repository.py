"""MRS001MI: what this site has, told from its signatures; listed in `registry`."""

from collections.abc import Iterable, Mapping

from sandbox.m3.programs.run import Row, Run
from sandbox.m3.refusals import InvalidCall, Refusal
from sandbox.m3.signatures import ANY_PROGRAM, Field, Program, Signature, load_catalogue

FIRST_POSITION = 16
"""A message of the MI protocol begins with the 15 characters of the transaction name."""


def lst_programs(_run: Run) -> Iterable[Row]:
    """List all programs."""
    for name, program in load_catalogue().programs.items():
        if name != ANY_PROGRAM:
            yield {"MINM": name, "OBNM": name, "MIDS": program.title[:60]}


def get_program(run: Run) -> Iterable[Row]:
    """Read one program."""
    return [{"MINM": run.text("MINM"), "OBNM": run.text("MINM"), "MIDS": _program(run).title[:60]}]


def lst_transactions(run: Run) -> Iterable[Row]:
    """List the transactions of a program."""
    for name, signature in _all_transactions(_program(run)).items():
        yield {"MINM": run.text("MINM"), "TRNM": name, "TRDS": signature.title[:60], "STAT": "20"}


def get_transaction(run: Run) -> Iterable[Row]:
    """Read one transaction."""
    signature = _signature(run)
    return [{"MINM": run.text("MINM"), "TRNM": run.text("TRNM"), "TRDS": signature.title[:60], "STAT": "20"}]


def lst_fields(run: Run) -> Iterable[Row]:
    """List the input (TRTP I) or output (O) fields of a transaction."""
    signature = _signature(run)
    if run.text("TRTP") not in ("I", "O"):
        raise Refusal("CPF9898", "TRTP", message="The type is I or O")
    position = FIRST_POSITION
    for field in signature.inputs.values() if run.text("TRTP") == "I" else signature.outputs:
        yield _field_row(run, field, position)
        position += field.length or 0


def get_field(run: Run) -> Iterable[Row]:
    """Read one field."""
    for row in lst_fields(run):
        if row["FLNM"] == run.text("FLNM"):
            return [row]
    raise Refusal("XRE0103", "FLNM")


def _program(run: Run) -> Program:
    found = load_catalogue().programs.get(run.text("MINM"))
    if found is None:
        raise Refusal("XRE0103", "MINM")
    return found


def _all_transactions(program: Program) -> Mapping[str, Signature]:
    return {**program.transactions, **load_catalogue().programs[ANY_PROGRAM].transactions}


def _signature(run: Run) -> Signature:
    try:
        return load_catalogue().find(run.text("MINM"), run.text("TRNM"))
    except InvalidCall as error:
        raise Refusal("XRE0103", "TRNM") from error


def _field_row(run: Run, field: Field, position: int) -> dict[str, str]:
    length = field.length or 0
    return {
        "MINM": run.text("MINM"),
        "TRNM": run.text("TRNM"),
        "TRTP": run.text("TRTP"),
        "FLNM": field.name,
        "FLDS": load_catalogue().labels.get(field.name, field.name)[:60],
        "FRPO": str(position),
        "TOPO": str(position + length - 1),
        "LENG": str(length),
        "TYPE": field.type,
        "MAND": "1" if field.mandatory else "0",
    }
