"""Small words for writing XML; `bods` speaks them."""

from xml.etree.ElementTree import Element, tostring

NAMESPACE = "http://schema.infor.com/InforOAGIS/2"


def node(tag: str, *content: "Element | str | None", **attributes: str) -> Element:
    """Make an element of a text or of child elements; None is left out."""
    made = Element(tag, attributes)
    for part in content:
        if isinstance(part, Element):
            made.append(part)
        elif part is not None:
            made.text = part
    return made


def path(tags: str, *content: "Element | str | None", **attributes: str) -> Element:
    """Make nested elements `a/b/c`; content and attributes belong to the innermost."""
    *outer, innermost = tags.split("/")
    made = node(innermost, *content, **attributes)
    for tag in reversed(outer):
        made = node(tag, made)
    return made


def document(root: Element) -> bytes:
    """Write a document with its declaration."""
    root.attrib = {"xmlns": NAMESPACE, **root.attrib}
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}'.encode()
