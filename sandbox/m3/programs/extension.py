"""CUSEXTMI, rows a site adds to M3's tables; their key is unique, whoever adds first. Listed in `registry`."""

from collections.abc import Iterable

from sandbox.m3.programs.run import Row, Run
from sandbox.m3.refusals import Refusal

KEYS = ("FILE", *(f"PK0{number}" for number in range(1, 9)))


def add_field_value(run: Run) -> Iterable[Row]:
    """Add a row; one with this key is refused (XRE0104)."""
    if _key(run) in run.state.extensions:
        raise Refusal("XRE0104", "PK01")
    run.state.extensions[_key(run)] = dict(run.record)
    return ()


def get_field_value(run: Run) -> Iterable[Row]:
    """Read a row."""
    return [_row(run)]


def chg_field_value(run: Run) -> Iterable[Row]:
    """Change fields of a row; what is not sent stays."""
    _row(run).update(run.record)
    return ()


def del_field_value(run: Run) -> Iterable[Row]:
    """Delete a row."""
    _row(run)
    del run.state.extensions[_key(run)]
    return ()


def _key(run: Run) -> tuple[str, ...]:
    return tuple(run.text(name) for name in KEYS)


def _row(run: Run) -> dict[str, str]:
    found = run.state.extensions.get(_key(run))
    if found is None:
        raise Refusal("XRE0103", "PK01")
    return found
