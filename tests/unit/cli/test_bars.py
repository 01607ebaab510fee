"""The progress a person sees of a long reading: how many of how many, how fast, how long it still takes."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from connector.cli import bars


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    written = io.StringIO()
    monkeypatch.setattr(bars, "err", lambda: Console(file=written, force_terminal=True, width=120, color_system=None))
    return written


def test_counts_rate_and_time_left_are_shown(screen: io.StringIO) -> None:
    with bars.bar("Reading items from M3") as tell:
        for done in (1000, 2000, 3000):
            tell(done, 20_000)

    last = [line for line in re.split(r"[\r\n]", screen.getvalue()) if "Reading items from M3" in line][-1]
    assert "3000/20000" in last
    assert re.search(r"\d+/s", last)
    assert re.search(r"\d+:\d\d:\d\d", last)


def test_where_nobody_knows_how_many_there_are_the_last_time_is_the_guess(screen: io.StringIO) -> None:
    with bars.bar("Reading items from M3", most_likely=500) as tell:
        tell(400, None)
        half_way = screen.getvalue()
        tell(600, None)

    assert "600/600" in screen.getvalue()
    assert "400/400" not in half_way


def test_without_a_terminal_the_end_is_written_once(capsys: pytest.CaptureFixture[str]) -> None:
    with bars.bar("Comparing stock") as tell:
        tell(10, 20)
        tell(20, 20)

    assert capsys.readouterr().err.count("20/20") == 1


def test_what_nobody_counted_is_whole_at_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    with bars.bar("Verifying") as tell:
        tell(7, None)
    with bars.bar("Verifying nothing"):
        pass

    assert re.findall(r"\d+/\S+", capsys.readouterr().err) == ["7/7", "0/0"]
