"""An act of the story: people do things to orders that were sold, both books are watched until they show it, a table tells it.

Called by the story; what is done stands in demo/lives.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from demo.books import Books


@dataclass(frozen=True)
class Sight:
    """What both sides show of a deed. `is_there` says that it has arrived, and that both agree."""

    shop: str
    m3: str
    is_there: bool


@dataclass(frozen=True)
class Deed:
    """One thing somebody does, and how the books show it."""

    who: str
    what: str
    do: Callable[[], None]
    look: Callable[[Books], Sight]


@dataclass(frozen=True)
class Act:
    """Deeds that are done one after the other; those of a later scene only when the earlier are seen."""

    title: str
    words: str
    scenes: tuple[tuple[Deed, ...], ...]

    @property
    def deeds(self) -> tuple[Deed, ...]:
        """All of it."""
        return tuple(deed for scene in self.scenes for deed in scene)


@dataclass
class Played:
    """An act that is over: what was seen of each deed, and after how long."""

    act: Act
    seen: list[tuple[Deed, Sight, float]] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        """Tells whether everything arrived."""
        return all(sight.is_there for _, sight, _ in self.seen)


class Watched:
    """The deeds of one scene and since when each is waited for."""

    def __init__(self, deeds: Sequence[Deed]) -> None:
        """Nothing is done yet."""
        self._waiting: dict[int, tuple[Deed, float]] = {}
        self._deeds = tuple(deeds)
        self._seen: dict[int, tuple[Deed, Sight, float]] = {}

    def did(self, deed: Deed, *, at: float) -> None:
        """Notes that a deed was done."""
        self._waiting[self._deeds.index(deed)] = (deed, at)

    def look(self, books: Books, *, taken_at: float, is_over: bool = False) -> list[Deed]:
        """Looks at books read from `taken_at` on; returns the deeds that have arrived since the last look.

        With `is_over` what has not arrived is kept as it is seen now.
        """
        arrived = []
        for place, (deed, done_at) in list(self._waiting.items()):
            is_newer = taken_at > done_at
            found = deed.look(books)
            sight = found if is_newer else replace(found, is_there=False)  # a look from before shows nothing of it
            if is_over or sight.is_there:
                self._seen[place] = (deed, sight, taken_at - done_at)
                del self._waiting[place]
                arrived += [deed] if sight.is_there else []
        return arrived

    @property
    def is_all_there(self) -> bool:
        """Tells whether nothing is waited for."""
        return not self._waiting

    def told(self) -> list[tuple[Deed, Sight, float]]:
        """Returns what was seen, in the order of the deeds."""
        return [self._seen[place] for place in sorted(self._seen)]


def print_act(console: Console, played: Played) -> None:
    """Prints the table of an act."""
    table = Table(title=played.act.title, title_justify="left")
    for title in ("Of", "What was done", "In the shop", "In M3"):
        table.add_column(title)
    table.add_column("Seen after", justify="right")
    for deed, sight, after_s in played.seen:
        after = f"{after_s:.0f} s" if sight.is_there else "[red]not yet[/red]"
        table.add_row(*(escape(one) for one in (deed.who, deed.what, sight.shop, sight.m3)), after)
    console.print(table)
