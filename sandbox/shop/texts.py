"""What WordPress makes of texts when they are stored and when they are shown; called by `product_changes`, `product_json`.

Source: WordPress's wp_filter_post_kses, wpautop and wptexturize, WooCommerce's get_product_data; of all this only a name with
`&` and tags and a description shown as a paragraph are recorded.
"""

import re

_ALLOWED = {
    *(
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "code",
        "del",
        "div",
        "dl",
        "dt",
        "dd",
        "em",
        "figure",
        "hr",
        "i",
        "img",
        "ins",
    ),
    *("h1", "h2", "h3", "h4", "h5", "h6", "li", "ol", "p", "pre", "q", "s", "small", "span", "strike", "strong", "sub"),
    *("sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul"),
}
_TAG = re.compile(r"<\s*/?\s*([A-Za-z0-9-]+)[^<>]*>")
_BLOCK = re.compile(r"</?(?:blockquote|div|dl|figure|h[1-6]|hr|ol|p|pre|table|ul)\b", re.IGNORECASE)
_TYPOGRAPHY = (
    (re.compile(r"\.\.\."), "&#8230;"),
    (re.compile(r"(?<=\d)x(?=\d)"), "&#215;"),
    (re.compile(r'(?<=\d)"'), "&#8243;"),
    (re.compile(r"(?<=\w)'"), "&#8217;"),
    (re.compile(r" -- "), " &#8212; "),
)


def stored_html(text: str) -> str:
    """Return a text as it is stored: unknown tags and backslashes gone, bare signs as entities."""
    known = {"": ""}

    def keep(found: re.Match[str]) -> str:
        if found.group(1).lower() not in _ALLOWED:
            return ""
        mark = f"\x00{len(known)}\x00"
        known[mark] = found.group()
        return mark

    marked = _TAG.sub(keep, text.replace("\\", ""))
    bare = re.sub(r"&(?!#?\w+;)", "&amp;", marked).replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"\x00\d+\x00", lambda found: known[found.group()], bare)


def as_paragraphs(text: str) -> str:
    """Return a description as a reader of the shop gets it: each block of lines a paragraph."""
    blocks = [block for block in re.split(r"\n\s*\n", text.strip()) if block]
    shown = [block if _BLOCK.match(block) else f"<p>{_broken(block)}</p>" for block in blocks]
    return "".join(f"{block}\n" for block in shown)


def as_short_description(text: str) -> str:
    """The same with typographic signs, as short descriptions are shown."""
    for straight, sign in _TYPOGRAPHY:
        text = straight.sub(sign, text)
    return as_paragraphs(text)


def _broken(block: str) -> str:
    return re.sub(r"[ \t]*\n[ \t]*", "<br />\n", block)
