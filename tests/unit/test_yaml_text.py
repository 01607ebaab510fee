"""Names that stand twice in one mapping of a YAML text."""

from __future__ import annotations

import pytest

from connector.yaml_text import NameTwiceError, read_yaml

BASES = "one: &one {a: 1, b: 1}\ntwo: &two {c: 2}\n"


def test_a_mapping_may_take_in_several_others() -> None:
    content = read_yaml(f"{BASES}three:\n  <<: *one\n  <<: *two\n  b: 3\n")

    assert content["three"] == {"a": 1, "b": 3, "c": 2}


@pytest.mark.parametrize("name", ["b", "'<<'"])
def test_a_name_of_ones_own_stands_once_beside_them(name: str) -> None:
    with pytest.raises(NameTwiceError, match="is given twice, first on line 5; remove one"):
        read_yaml(f"{BASES}three:\n  <<: *one\n  {name}: 3\n  {name}: 4\n")
