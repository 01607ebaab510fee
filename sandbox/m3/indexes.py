"""Keys kept in order, so that no list of 20,000 items has to be searched or sorted for one call; `state` holds them."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Any)

SPARE_ENTRIES = 1_000


class SortedKeys(Generic[Key]):
    """A set of keys in ascending order."""

    def __init__(self) -> None:
        self._keys: list[Key] = []

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: Key) -> bool:
        place = bisect_left(self._keys, key)
        return place < len(self._keys) and bool(self._keys[place] == key)

    def add(self, key: Key) -> None:
        """Put a key in its place; one that is there already stays alone."""
        if key not in self:
            insort(self._keys, key)

    def add_new(self, keys: Iterable[Key]) -> None:
        """Put many keys in that are surely not there yet; far quicker than one by one."""
        self._keys.extend(keys)
        self._keys.sort()

    def remove(self, key: Key) -> None:
        """Take a key out; one that is not there is no error."""
        if key in self:
            del self._keys[bisect_left(self._keys, key)]

    def since(self, start: Any) -> Iterator[Key]:
        """Give the keys from `start` on; they may change meanwhile only under the lock of the state."""
        place = bisect_left(self._keys, start)
        while place < len(self._keys):
            yield self._keys[place]
            place += 1


class ChangeLog(Generic[Key]):
    """Which record changed when: the stamp of its last change, readable in the order of change."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, Key]] = []
        self._newest: dict[Key, int] = {}
        self._last_ms = 0

    def __len__(self) -> int:
        return len(self._newest)

    def stamp(self, key: Key, at_ms: int) -> int:
        """Write down a change and give its stamp: `at_ms`, or the last one where the clock went back."""
        at_ms = self._last_ms = max(at_ms, self._last_ms)
        if self._newest.get(key) != at_ms:
            self._entries.append((at_ms, key))
            self._newest[key] = at_ms
        if len(self._entries) > 2 * len(self._newest) + SPARE_ENTRIES:
            self._entries = [entry for entry in self._entries if self._newest.get(entry[1]) == entry[0]]
        return at_ms

    def forget(self, key: Key) -> None:
        """Drop a record that was deleted."""
        if self._newest.pop(key, None) is not None:
            self._entries = [entry for entry in self._entries if entry[1] != key]

    def stamp_of(self, key: Key) -> int:
        """Give the stamp of a record, 0 if it never changed."""
        return self._newest.get(key, 0)

    def since(self, at_ms: int) -> Iterator[Key]:
        """Give the records that changed at `at_ms` or later, each once, in the order of their last change."""
        for place in range(bisect_left(self._entries, (at_ms,)), len(self._entries)):
            changed_ms, key = self._entries[place]
            if self._newest.get(key) == changed_ms:
                yield key
