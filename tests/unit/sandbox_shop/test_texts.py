"""What the sandbox shop makes of texts when they are stored and shown."""

import pytest

from sandbox.shop.texts import as_paragraphs, as_short_description, stored_html


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("Salt & Pepper <em>set</em>", "Salt &amp; Pepper <em>set</em>"),
        ("Salt &amp; Pepper", "Salt &amp; Pepper"),
        ("Bolt <M8>", "Bolt "),
        ("Cable <5m>", "Cable "),
        ("M8 < M10", "M8 &lt; M10"),
        ("a > b", "a &gt; b"),
        ("C:\\temp", "C:temp"),
        ("<script>x</script>", "x"),
    ],
)
def test_text_is_stored_as_html(sent: str, stored: str) -> None:
    assert stored_html(sent) == stored
    assert stored_html(stored) == stored


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("", ""),
        ("One", "<p>One</p>\n"),
        ("One\ntwo\n\nthree", "<p>One<br />\ntwo</p>\n<p>three</p>\n"),
        ("<p>One</p>\n", "<p>One</p>\n"),
        ("<ul><li>One</li></ul>", "<ul><li>One</li></ul>\n"),
    ],
)
def test_description_is_shown_in_paragraphs(stored: str, shown: str) -> None:
    assert as_paragraphs(stored) == shown


def test_short_description_has_typographic_signs() -> None:
    assert as_short_description('19" 10x20...') == "<p>19&#8243; 10&#215;20&#8230;</p>\n"
