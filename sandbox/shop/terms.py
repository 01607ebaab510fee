"""Categories, tags, attributes and their terms as the shop holds them, and those it starts with; used by `state`."""

from dataclasses import dataclass

CATEGORY, TAG = "product_cat", "product_tag"


@dataclass
class Term:
    """A category, tag or term of an attribute; the name is HTML as WordPress stores it."""

    id: int
    name: str
    slug: str
    parent: int = 0
    description: str = ""
    menu_order: int = 0
    display: str = "default"


@dataclass
class Attribute:
    """A shop-wide attribute; its slug is the name of the taxonomy its terms are in."""

    id: int
    name: str
    slug: str
    order_by: str = "menu_order"
    has_archives: bool = False


def first_terms() -> dict[str, dict[int, Term]]:
    """Make the terms of the recorded shop by taxonomy; those of its attribute have made-up numbers."""
    categories = [
        Term(15, "Uncategorized", "uncategorized"),
        Term(16, "Apparel", "apparel"),
        Term(17, "Kitchen &amp; Home", "kitchen-home"),
        Term(18, "Školski pribor", "skolski-pribor"),
    ]
    sizes = [Term(19, "S", "s"), Term(20, "M", "m")]
    return {CATEGORY: _by_id(categories), TAG: {}, "pa_size": _by_id(sizes)}


def first_attributes() -> dict[int, Attribute]:
    """Make the one attribute of the recorded shop."""
    return {1: Attribute(1, "Size", "pa_size")}


def _by_id(terms: list[Term]) -> dict[int, Term]:
    return {term.id: term for term in terms}
