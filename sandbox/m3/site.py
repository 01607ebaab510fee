"""One running sandbox M3: its state, its faults, its tokens; `app` makes it, gateway and control share it."""

from sandbox.m3.faults import FaultInjector
from sandbox.m3.master_data import new_state
from sandbox.m3.state import State
from sandbox.m3.tokens import TokenServer


class Site:
    """Owns the parts that a reset replaces; tokens live on, the authorisation server is not M3."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.tokens = TokenServer()
        self.state: State = new_state(seed)
        self.faults = FaultInjector(seed)

    def reset(self, seed: int) -> None:
        """Begin anew. What a late call still does, it does to the old state."""
        self.seed = seed
        self.state = new_state(seed)
        self.faults = FaultInjector(seed)
