"""One running sandbox M3: its state, its faults, its tokens; `app` makes it, gateway and control share it."""

from sandbox.clock import Clock
from sandbox.late import LateWork
from sandbox.m3.events.post_office import PostOffice
from sandbox.m3.events.settings import EventSettings
from sandbox.m3.faults import FaultInjector
from sandbox.m3.master_data import new_state
from sandbox.m3.state import State
from sandbox.m3.tokens import TokenServer


class Site:
    """Owns the parts that a reset replaces; tokens live on, the authorisation server is not M3."""

    def __init__(self, seed: int, clock: Clock) -> None:
        self.seed = seed
        self.clock = clock
        self.tokens = TokenServer(clock)
        self.state: State = new_state(seed, clock)
        self.faults = FaultInjector(seed, clock)
        self.late = LateWork(clock)
        self.events: PostOffice | None = None

    def reset(self, seed: int) -> None:
        """Begin anew, without events. What a late call still does, it does to the old state."""
        self.set_events(EventSettings())
        self.seed = seed
        self.state = new_state(seed, self.clock)
        self.faults = FaultInjector(seed, self.clock)
        self.late = LateWork(self.clock)

    def set_events(self, settings: EventSettings) -> None:
        """Begin to tell others of changes, or stop it; what waits to be sent is lost."""
        if self.events is not None:
            self.events.close()
        self.events = None
        if settings.is_on:
            seed = self.seed if settings.seed is None else settings.seed
            self.events = PostOffice(self.state, settings, seed=seed, clock=self.clock)
