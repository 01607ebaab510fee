"""Keys in order and changes by stamp, as the long lists need them."""

from sandbox.m3.indexes import SPARE_ENTRIES, ChangeLog, SortedKeys


def test_sorted_keys_begin_anywhere() -> None:
    keys: SortedKeys[str] = SortedKeys()
    keys.add_new(["b", "d"])
    for key in ("c", "a", "c"):
        keys.add(key)
    keys.remove("d")
    keys.remove("x")

    assert list(keys.since("")) == ["a", "b", "c"]
    assert list(keys.since("bb")) == ["c"]
    assert ("b" in keys, "d" in keys, len(keys)) == (True, False, 3)


def test_change_log_names_each_record_once_at_its_last_change() -> None:
    log: ChangeLog[str] = ChangeLog()
    for key, at_ms in (("a", 1), ("b", 2), ("a", 3), ("a", 3)):
        log.stamp(key, at_ms)

    assert list(log.since(0)) == ["b", "a"]
    assert list(log.since(3)) == ["a"]
    log.forget("a")
    assert list(log.since(0)) == ["b"]
    log.stamp("a", 1)
    assert log.stamp_of("a") == 3


def test_change_log_stays_small_however_often_a_record_changes() -> None:
    log: ChangeLog[str] = ChangeLog()

    for at_ms in range(10 * SPARE_ENTRIES):
        log.stamp("a", at_ms)

    assert list(log.since(0)) == ["a"]
    assert len(log._entries) <= SPARE_ENTRIES + 3
