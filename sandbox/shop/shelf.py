"""The products of the shop with what is looked up among 20,000 of them; `state.Shop.products` is one."""

from collections.abc import Iterable, Iterator

from sandbox.shop.entities import Product


class Shelf(dict[int, Product]):
    """Every product and variation by id, ascending; finds by SKU, parent and category without a walk over all.

    SKU and categories of a product that stands here are changed by `rename` and `file_under` only.
    """

    def __init__(self, products: Iterable[Product] = ()) -> None:
        super().__init__()
        self._by_sku: dict[str, dict[int, None]] = {}
        self._by_parent: dict[int, dict[int, None]] = {}
        self._by_category: dict[int, dict[int, None]] = {}
        self._listed: list[Product] | None = None
        for product in products:
            self[product.id] = product

    def __setitem__(self, number: int, product: Product) -> None:
        super().__setitem__(number, product)
        self._listed = None
        self._by_sku.setdefault(product.sku.lower(), {})[number] = None
        if product.parent_id:
            self._by_parent.setdefault(product.parent_id, {})[number] = None
        for category in product.category_ids:
            self._by_category.setdefault(category, {})[number] = None

    def __delitem__(self, number: int) -> None:
        product = self[number]
        self._by_sku.get(product.sku.lower(), {}).pop(number, None)
        self._by_parent.get(product.parent_id, {}).pop(number, None)
        for category in product.category_ids:
            self._by_category.get(category, {}).pop(number, None)
        super().__delitem__(number)
        self._listed = None

    def rename(self, product: Product, sku: str) -> None:
        """Give a product another SKU; it may not stand here yet."""
        if self.get(product.id) is product:
            self._by_sku.get(product.sku.lower(), {}).pop(product.id, None)
            self._by_sku.setdefault(sku.lower(), {})[product.id] = None
        product.sku = sku

    def file_under(self, product: Product, category_ids: list[int]) -> None:
        """Put a product into other categories; it may not stand here yet."""
        if self.get(product.id) is product:
            for category in product.category_ids:
                self._by_category.get(category, {}).pop(product.id, None)
            for category in category_ids:
                self._by_category.setdefault(category, {})[product.id] = None
        product.category_ids = category_ids

    def with_sku(self, sku: str) -> list[Product]:
        """List all products and variations of a SKU, letter case does not matter; those in the trash too."""
        return [self[number] for number in self._by_sku.get(sku.lower(), {})] if sku else []

    def listed(self) -> list[Product]:
        """List all but the variations, in the order they were made."""
        if self._listed is None:
            self._listed = [product for product in self.values() if product.type != "variation"]
        return self._listed

    def children(self, parent_id: int) -> list[Product]:
        """List the variations of a product, by id."""
        return [self[number] for number in self._by_parent.get(parent_id, {})]

    def in_category(self, category_id: int) -> Iterator[Product]:
        """Go through the products of a category."""
        return (self[number] for number in self._by_category.get(category_id, {}))
