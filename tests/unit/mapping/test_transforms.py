"""Every transform, as a table: argument as typed, text in, text and note out."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.mapping.transforms import TRANSFORMS, Changed

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
THREE_LINES = {"line": "3", "of": "3", "width": "10"}

TABLE = [
    ("strip", None, "  Ana ", Changed("Ana")),
    ("upper", None, "ten", Changed("TEN")),
    ("lower", None, "A@B", Changed("a@b")),
    ("digits", None, "HR-21 / 4", Changed("214")),
    ("digits", None, "\u0663\u0664", Changed("34")),
    ("plain_text", None, "Salt &amp; Pepper\n  Ltd", Changed("Salt & Pepper Ltd")),
    ("plain_text", None, "<b>Bold</b> &lt;b&gt;", Changed("Bold <b>", "HTML tags removed: 2")),
    ("plain_text", None, "I <3 you, 2 > 1", Changed("I <3 you, 2 > 1")),
    ("plain_text", None, "Cafe\u0301\u00a0Bar", Changed("Caf\u00e9 Bar")),
    ("plain_lines", None, "At the door.\r\n\r\n Second  line.", Changed("At the door.\nSecond line.")),
    ("plain_lines", None, "One<br/>Two", Changed("One\nTwo")),
    ("printable", None, "a\x07b\tc\u200bd", Changed("ab cd", "invisible characters removed: 2")),
    ("printable", None, "one\ntwo", Changed("one\ntwo")),
    ("bmp_only", None, "Hi \U0001f600\U0001f600", Changed("Hi ??", "characters M3 cannot hold, replaced by ?: 2")),
    ("bmp_only", None, FAMILY, Changed("???", "characters M3 cannot hold, replaced by ?: 3")),
    ("bmp_only", None, "\u2764\ufe0f Ж 漢", Changed("\u2764 Ж 漢")),
    ("m3_text", None, "<i>A</i>\x01\U0001f600\nB",
     Changed("A? B", "HTML tags removed: 2; characters M3 cannot hold, replaced by ?: 1; "
                     "invisible characters removed: 1")),
    ("m3_lines", None, "A&amp;B\n\U0001f600", Changed("A&B\n?", "characters M3 cannot hold, replaced by ?: 1")),
    ("cut", "5", "Zagreb", Changed("Zagre", "cut from 6 to 5 characters")),
    ("cut", "6", "Zagreb", Changed("Zagreb")),
    ("cut", "4", "Bad Ems", Changed("Bad", "cut from 7 to 4 characters")),
    ("last", "3", "pi_abc", Changed("abc", "only the last 3 of 6 characters kept")),
    ("last", "6", "pi_abc", Changed("pi_abc")),
    ("drop_longer", "2", "West Yorkshire", Changed("", "left out: 14 characters, more than 2")),
    ("drop_longer", "2", "CA", Changed("CA")),
    ("prefix", "W-", "52", Changed("W-52")),
    ("prefix", "W-", "", Changed("")),
    ("suffix", " pcs", "3", Changed("3 pcs")),
    ("suffix", " pcs", "", Changed("")),
    ("split_lines", "10", "Leave it at the door\nThanks", Changed("Leave it\nat the\ndoor\nThanks")),
    ("split_lines", "4", "abcdefghij", Changed("abcd\nefgh\nij")),
    ("address_line", {"line": "1", "of": "3", "width": "10"}, "Long Street 1\nFlat 4", Changed("Long")),
    ("address_line", {"line": "2", "of": "3", "width": "10"}, "Long Street 1\nFlat 4", Changed("Street 1")),
    ("address_line", THREE_LINES, "Long Street 1\nFlat 4", Changed("Flat 4")),
    ("address_line", THREE_LINES, "Short 1", Changed("")),
    ("address_line", THREE_LINES, "a\nb\nc\nfour\nfive", Changed("c", "characters beyond line 3 left out: 8")),
    ("address_line", {"line": "1", "of": "3", "width": "10"}, "a\nb\nc\nfour", Changed("a")),
    ("phone", "16", "+385 1 555 0100", Changed("+385 1 555 0100")),
    ("phone", "16", "+385 (0) 91 / 555-0100", Changed("+3850915550100")),
    ("phone", "16", "091 555 0100 / 01 234 5678", Changed("0915550100", "only the first of several numbers kept")),
    ("phone", "16", "1" * 20, Changed("1" * 20)),
    ("phone", "16", "", Changed("")),
    ("state_code", None, "HR-21", Changed("21")),
    ("state_code", None, "JP13", Changed("13")),
    ("state_code", None, "NZ-AUK", Changed("AUK")),
    ("state_code", None, " ca ", Changed("CA")),
    ("state_code", None, "IN", Changed("IN")),
    ("state_code", "US", "California", Changed("CA")),
    ("state_code", "EG", "EGC", Changed("C")),
    ("postcode", "GB", "sw1a1aa", Changed("SW1A 1AA")),
    ("postcode", "AE", " po  box 7 ", Changed("PO BOX 7")),
    ("date_yyyymmdd", None, "2026-11-22", Changed("20261122")),
    ("date_yyyymmdd", None, "20261122", Changed("20261122")),
    ("date_yyyymmdd", None, "2026-11-22T23:30:00", Changed("20261122")),
    ("date_yyyymmdd", "Europe/Zagreb", "2026-11-22T23:30:00+00:00", Changed("20261123")),
    ("date_yyyymmdd", None, "", Changed("")),
    ("number", None, "1E+2", Changed("100")),
    ("number", None, " 12.50 ", Changed("12.50")),
    ("number", None, "1e-7", Changed("0.0000001")),
    ("number", None, "-3", Changed("-3")),
    ("number", None, "", Changed("")),
    ("short_number", None, "0.350000", Changed("0.35")),
    ("short_number", None, "100.000", Changed("100")),
    ("short_number", None, "0.000", Changed("")),
    ("short_number", None, "", Changed("")),
    ("times", "0.1", "280", Changed("28")),
    ("times", "0.001", "350.000", Changed("0.35")),
    ("times", "2", "", Changed("")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "argument", "text", "expected"), TABLE)
def test_transform_gives_text_and_note(name: str, argument: object, text: str, expected: Changed) -> None:
    transform = TRANSFORMS[name]

    changed = transform.run(text, transform.read(argument))

    assert changed == expected


def test_every_transform_is_in_the_table() -> None:
    assert {row[0] for row in TABLE} == set(TRANSFORMS)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("number", "12,50"),
        ("number", "1_000"),
        ("number", "NaN"),
        ("number", "1e999"),
        ("date_yyyymmdd", "22.11.2026"),
        ("date_yyyymmdd", "2026-11-22T23:30:00+00:00"),
    ],
)
def test_unreadable_value_is_refused_without_being_repeated(name: str, text: str) -> None:
    transform = TRANSFORMS[name]

    with pytest.raises(ValueError, match=r"^is ") as caught:
        transform.run(text, transform.read(None))

    assert text not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("strip", "1"),
        ("cut", None),
        ("cut", "0"),
        ("cut", "-1"),
        ("cut", ["1"]),
        ("prefix", None),
        ("prefix", ""),
        ("date_yyyymmdd", "Europe/Nowhere"),
        ("address_line", {"line": "1"}),
        ("address_line", {"line": "4", "of": "3", "width": "36"}),
        ("address_line", {"line": "x", "of": "3", "width": "36"}),
        ("split_lines", "wide"),
    ],
)
def test_wrong_argument_is_refused(name: str, argument: object) -> None:
    with pytest.raises(ValueError, match=r"takes|needs|has"):
        TRANSFORMS[name].read(argument)


@given(st.text())
def test_m3_text_leaves_nothing_m3_cannot_hold(text: str) -> None:
    changed = TRANSFORMS["m3_text"].run(text, None)

    assert "\n" not in changed.text
    assert all(ord(one) <= 0xFFFF and unicodedata.category(one) not in ("Cc", "Cs") for one in changed.text)


@given(st.text(), st.integers(1, 40))
def test_split_lines_loses_no_word_and_keeps_the_width(text: str, width: int) -> None:
    text = TRANSFORMS["m3_lines"].run(text, None).text

    lines = TRANSFORMS["split_lines"].run(text, width).text.split("\n")

    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(len(line) <= width for line in lines)
