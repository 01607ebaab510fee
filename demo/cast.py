"""Who is on stage besides the processes, what the story has told so far, and how an act is played. Used by demo/story.py."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from demo.acts import Act, Played, Watched
from demo.arrivals import Arrival, Arrivals
from demo.books import Books, Row
from demo.changes import Change
from demo.mail import Mail
from demo.nemesis import Killed
from demo.orders import Delivery
from demo.screen import Screen
from demo.stage import Stage
from demo.stores import STORE
from demo.watch import Look, Watcher

ACT_LIMIT_S = 150.0
"""On a busy machine a look at both sides alone may take half a minute."""
SECONDS_BETWEEN_DEEDS = 0.2


@dataclass
class Told:
    """What the story has to report besides the books."""

    placed: dict[tuple[str, int], tuple[str, Row]] = field(default_factory=dict)
    by_delivery: dict[Delivery, list[int]] = field(default_factory=dict)
    killed: Killed | None = None
    dead_letters: list[str] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    never_shown: list[Change] = field(default_factory=list)
    mail: Counter[str] = field(default_factory=Counter)
    look: Look = field(default_factory=Look)
    acts: list[Played] = field(default_factory=list)
    hero: int | None = None  # the order that is followed through everything
    is_at_rest: bool = False

    def orders_of(self, store: str) -> dict[int, tuple[str, Row]]:
        """Returns kind and first answer of the shop of each order placed in a store, by its id."""
        return {order_id: one for (of, order_id), one in self.placed.items() if of == store}

    @property
    def kinds(self) -> dict[int, str]:
        """The kind of each order of the first store."""
        return {order_id: kind for order_id, (kind, _) in self.orders_of(STORE).items()}


@dataclass(frozen=True)
class Cast:
    """Who is on stage, besides the processes."""

    stage: Stage
    screen: Screen
    watcher: Watcher
    arrivals: Arrivals
    mail: Mail
    told: Told

    def show_for(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Lets time pass and shows what is seen meanwhile."""
        end = clock() + seconds
        while clock() < end:
            for one in self.arrivals.take_new():
                self.screen.tell(f"{one.change.words}: in the shop after {one.after_s:.1f} s")
            self.screen.changed(shown=len(self.arrivals.seen), waiting=len(self.arrivals.waiting()))
            self.screen.show(self.watcher.newest)
            time.sleep(0.1)

    def play(self, act: Act) -> None:
        """Lets people do what an act tells, waits until both books show it, and prints its table."""
        self.screen.tell(act.words)
        played = Played(act)
        for scene in act.scenes:
            watched = Watched(scene)
            for deed in scene:
                deed.do()
                watched.did(deed, at=time.monotonic())
                self.show_for(SECONDS_BETWEEN_DEEDS)
            self._wait_for(watched, played)
            played.seen += watched.told()
        self.told.acts.append(played)
        self.screen.act(played)

    def _wait_for(self, watched: Watched, played: Played) -> None:
        """Looks until everything of a scene has arrived; what has not in all that time is kept as it is seen then."""
        deadline = time.monotonic() + ACT_LIMIT_S
        while not watched.is_all_there:
            look = self.watcher.newest
            books = Books(look.shop, look.m3, direct=look.direct)
            watched.look(books, taken_at=look.taken_at, is_over=time.monotonic() > deadline)
            seen = len(played.seen) + len(watched.told())
            self.screen.acted(seen=seen, deeds=len(played.act.deeds))
            self.show_for(0.3)
