"""What Hypothesis draws is the same in every run: a test must not fail in one of a hundred."""

from __future__ import annotations

import inspect
import re

from hypothesis import settings
from hypothesis.internal.conjecture import providers

from tests.harness import ROOT

SEEDED_BY_THEMSELVES = ("simulation/search.py", "hostile/run.py")


def test_examples_are_neither_random_nor_judged_by_time() -> None:
    assert settings.default is not None
    assert (settings.default.derandomize, settings.default.deadline) == (True, None)


def test_examples_do_not_depend_on_the_modules_imported_so_far() -> None:
    """Hypothesis still asks where tests/conftest.py answers that there are none."""
    assert "_get_local_constants()" in inspect.getsource(providers.HypothesisProvider)
    assert len(providers._get_local_constants()) == 0


def test_no_test_has_settings_of_its_own_against_that() -> None:
    own = re.compile(r"derandomize=|deadline=|suppress_health_check=|register_profile|load_profile")
    found = [path for path in (ROOT / "tests").rglob("*.py") if own.search(path.read_text(encoding="utf-8"))]

    allowed = ("tests/conftest.py", "architecture/test_same_examples.py", *SEEDED_BY_THEMSELVES)
    assert [str(path) for path in found if not str(path).endswith(allowed)] == []
