"""Categories, tags, shop-wide attributes and their terms; called by `api_terms`, `product_changes`, `product_json`.

Source: WooCommerce's class-wc-rest-terms-controller.php, wc_create_attribute and WordPress's wp_insert_term; of the answers
only the category that exists and the missing name are recorded.
"""

import re
import unicodedata
from urllib.parse import quote

from sandbox.shop.errors import RestError
from sandbox.shop.state import Shop
from sandbox.shop.terms import CATEGORY, TAG, Attribute, Term
from sandbox.shop.wire import JSONDict, html_name, to_int

DEFAULT_CATEGORY = 15
_LONGEST_SLUG = 28


def slug_of(text: str) -> str:
    """Make an address part of a name: Latin letters without accents, digits, hyphens; other scripts percent-encoded."""
    bare = unicodedata.normalize("NFKD", re.sub(r"&\w+;|<[^>]*>", "", text))
    letters = bare.encode("ascii", "ignore").decode().lower().replace(".", "-")
    slug = re.sub(r"[\s-]+", "-", re.sub(r"[^a-z0-9\s_-]", "", letters)).strip("-")
    return slug or quote(text.strip().lower().replace(" ", "-"), safe="-").lower()


def create_term(shop: Shop, taxonomy: str, body: JSONDict) -> Term:
    """Make a category, tag or term.

    Raises:
        RestError: 400 `term_exists` with its number, `empty_term_name`, `missing_parent`.
    """
    terms = shop.terms[taxonomy]
    name, parent = html_name(str(body.get("name") or "").strip()), to_int(body.get("parent", 0))
    if not name:
        raise RestError("empty_term_name", "A name is required for this term.")
    if taxonomy == CATEGORY and parent and parent not in terms:
        raise RestError("missing_parent", "Parent term does not exist.")
    known = find_term(shop, taxonomy, name, parent=parent)
    if known:
        place = "with this parent" if taxonomy == CATEGORY else "in this taxonomy"
        message = f"A term with the name provided already exists {place}."
        raise RestError("term_exists", message, resource_id=known.id)
    term = Term(shop.next("term"), name, _free_slug(terms, str(body.get("slug") or slug_of(name))), parent)
    terms[term.id] = term
    change_term(term, {key: value for key, value in body.items() if key not in {"name", "parent", "slug"}})
    return term


def change_term(term: Term, body: JSONDict) -> None:
    """Change a category, tag or term."""
    term.name = html_name(str(body.get("name", term.name)))
    term.slug = str(body.get("slug") or term.slug)
    term.parent = to_int(body.get("parent", term.parent))
    term.description = str(body.get("description", term.description))
    term.menu_order = to_int(body.get("menu_order", term.menu_order))
    term.display = str(body.get("display", term.display))


def find_term(shop: Shop, taxonomy: str, name: str, *, parent: int | None = None) -> Term | None:
    """Find a term by name, letter case does not matter; in categories also by parent, if one is given."""
    wanted = html_name(name.strip()).lower()
    for term in shop.terms.get(taxonomy, {}).values():
        if term.name.lower() == wanted and (taxonomy != CATEGORY or parent is None or term.parent == parent):
            return term
    return None


def term_named(shop: Shop, taxonomy: str, name: str) -> Term:
    """Find a term by name, or make it, as the shop does for the options and tags of a product."""
    return find_term(shop, taxonomy, name) or create_term(shop, taxonomy, {"name": name})


def tag_ids(shop: Shop, sent: list[JSONDict]) -> list[int]:
    """Resolve the tags of a product: by name, made if missing, else by number, left out if unknown."""
    named = [
        term_named(shop, TAG, str(tag["name"])).id if tag.get("name") else to_int(tag.get("id", 0)) for tag in sent
    ]
    return [number for number in dict.fromkeys(named) if number in shop.terms[TAG]]


def category_ids(shop: Shop, sent: list[JSONDict]) -> list[int]:
    """Resolve the categories of a product: unknown ones are left out without a word, none at all is the default one."""
    numbers = dict.fromkeys(to_int(category.get("id", 0)) for category in sent)
    return [number for number in numbers if number in shop.terms[CATEGORY]] or [DEFAULT_CATEGORY]


def create_attribute(shop: Shop, body: JSONDict) -> Attribute:
    """Make a shop-wide attribute.

    Raises:
        RestError: 400 `woocommerce_rest_cannot_create`: no name, slug too long or taken.
    """
    name = str(body.get("name", "")).strip()
    bare = slug_of(str(body.get("slug") or name)).removeprefix("pa_")
    if not name:
        raise _cannot_create("Please, provide an attribute name.")
    if len(bare) > _LONGEST_SLUG:
        raise _cannot_create(f'Slug "{bare}" is too long ({_LONGEST_SLUG} characters max). Shorten it, please.')
    if f"pa_{bare}" in shop.terms:
        raise _cannot_create(f'Slug "{bare}" is already in use. Change it, please.')
    attribute = Attribute(shop.next("attribute"), name, f"pa_{bare}")
    attribute.order_by = str(body.get("order_by") or attribute.order_by)
    attribute.has_archives = body.get("has_archives") is True
    shop.attributes[attribute.id] = attribute
    shop.terms[attribute.slug] = {}
    return attribute


def _cannot_create(message: str) -> RestError:
    return RestError("woocommerce_rest_cannot_create", message)


def _free_slug(terms: dict[int, Term], slug: str) -> str:
    taken = {term.slug for term in terms.values()}
    return slug if slug not in taken else next(f"{slug}-{n}" for n in range(2, 100_000) if f"{slug}-{n}" not in taken)
