"""Named kinds of orders with real-looking buyers, for demo, tests and bench; called by `control`."""

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sandbox.shop.catalogue import read_json
from sandbox.shop.checkout import Cart, Checkout, Fee, Line
from sandbox.shop.customers import create_customer
from sandbox.shop.state import Shop

_PEOPLE: dict[str, Any] = read_json("people.json")
Story = Callable[[Shop], Cart]


def _buyer(rng: random.Random) -> dict[str, str]:
    first, last = rng.choice(_PEOPLE["first_names"]), rng.choice(_PEOPLE["last_names"])
    number = rng.randint(100, 99999)
    return {
        "first_name": first,
        "last_name": last,
        "company": rng.choice(_PEOPLE["companies"]),
        "address_1": f"{rng.choice(_PEOPLE['streets'])} {rng.randint(1, 180)}",
        "address_2": "",
        **rng.choice(_PEOPLE["cities"]),
        "email": f"buyer{number}@example.com",
        "phone": f"+385 91 555 {rng.randint(1000, 9999)}",
    }


def _full_rate(shop: Shop, count: int) -> list[Line]:
    return _lines(shop, count, tax_class="")


def _reduced_rate(shop: Shop, count: int) -> list[Line]:
    return _lines(shop, count, tax_class="reduced-rate")


def _lines(shop: Shop, count: int, *, tax_class: str) -> list[Line]:
    """Draw different products of the SKU series, one to four pieces each."""
    skus = [p.sku for p in shop.products.values() if p.sku.startswith("SKU-") and p.tax_class == tax_class]
    return [Line(sku=sku, quantity=shop.rng.randint(1, 4)) for sku in shop.rng.sample(skus, count)]


def _cart(shop: Shop, lines: list[Line], **more: Any) -> Cart:
    facts = {
        "billing": _buyer(shop.rng),
        "lines": lines,
        "payment_method": "stripe",
        "customer_note": shop.rng.choice(_PEOPLE["notes"]),
        "checkout": shop.rng.choice([Checkout.CLASSIC, Checkout.BLOCK]),
        **more,
    }
    return Cart(**facts)


def _some(shop: Shop) -> list[Line]:
    return _full_rate(shop, shop.rng.randint(1, 4))


def guest(shop: Shop) -> Cart:
    """A guest buys a few things by card."""
    return _cart(shop, _some(shop))


def registered(shop: Shop) -> Cart:
    """A customer with an account buys; now and then one that bought before."""
    buyer = _buyer(shop.rng)
    known = [c.id for c in shop.customers.values() if c.id > 4]
    if known and shop.rng.random() < 0.3:
        return _cart(shop, _some(shop), customer_id=shop.rng.choice(known), billing={})
    while any(c.email == buyer["email"] for c in shop.customers.values()):
        buyer = _buyer(shop.rng)
    names = {"first_name": buyer["first_name"], "last_name": buyer["last_name"]}
    customer = create_customer(shop, {"email": buyer["email"], **names, "billing": buyer})
    return _cart(shop, _some(shop), customer_id=customer.id, billing=buyer)


def variations(shop: Shop) -> Cart:
    """T-shirts in two variations and socks whose stock the parent holds."""
    lines = [Line(sku="TSHIRT-S-RED", quantity=2), Line(sku="TSHIRT-M-BLUE"), Line(sku="SOCKS-DOTS", quantity=5)]
    return _cart(shop, lines)


def coupon_percent(shop: Shop) -> Cart:
    """Ten per cent off several lines, one with a price of four decimals."""
    lines = [*_full_rate(shop, 3), Line(sku="RICE-KG", quantity=shop.rng.randint(3, 9))]
    return _cart(shop, lines, coupons=["TEN"])


def coupon_fixed(shop: Shop) -> Cart:
    """Five off the whole cart."""
    return _cart(shop, _full_rate(shop, 3), coupons=["FIVEOFF"])


def fee_positive(shop: Shop) -> Cart:
    """A taxed surcharge for cash on delivery."""
    fee = Fee(name="Cash on delivery surcharge", total=Decimal("2.50"))
    return _cart(shop, _some(shop), fees=[fee], payment_method="cod")


def fee_negative(shop: Shop) -> Cart:
    """A loyalty discount as negative fee beside an untaxed small fee."""
    fees = [
        Fee(name="Packaging deposit", total=Decimal("1.20"), tax_status="none"),
        Fee(name="Loyalty discount", total=Decimal("-3.50")),
    ]
    return _cart(shop, [Line(sku="MUG-001", quantity=2)], fees=fees)


def two_tax_rates(shop: Shop) -> Cart:
    """Goods at 25 % and at 5 % in one order."""
    return _cart(shop, [*_full_rate(shop, 2), *_reduced_rate(shop, 2)])


def usd(shop: Shop) -> Cart:
    """An order in US dollars."""
    return _cart(shop, _some(shop), currency="USD", checkout=Checkout.REST, status="processing")


def sixty_lines(shop: Shop) -> Cart:
    """A trade customer with sixty lines."""
    return _cart(shop, _full_rate(shop, 60))


def unknown_sku(shop: Shop) -> Cart:
    """A cookbook the ERP does not know beside a mug it knows."""
    return _cart(shop, [Line(sku="BOOK-5"), Line(sku="MUG-001")])


def on_hold(shop: Shop) -> Cart:
    """Bank transfer: the order waits for the money."""
    return _cart(shop, _some(shop), payment_method="bacs")


def cancelled(shop: Shop) -> Cart:
    """Placed by bank transfer, then cancelled."""
    return _cart(shop, _some(shop), payment_method="bacs", then="cancelled")


def pending(shop: Shop) -> Cart:
    """Placed, but the payment was never made."""
    return _cart(shop, _some(shop), checkout=Checkout.CLASSIC, status="pending")


def checkout_draft(shop: Shop) -> Cart:
    """A buyer who opened the block checkout and bought nothing yet."""
    return _cart(shop, _some(shop), checkout=Checkout.BLOCK, status="checkout-draft")


def cod(shop: Shop) -> Cart:
    """Cash on delivery: processed, but not paid."""
    return _cart(shop, _some(shop), payment_method="cod")


def completed(shop: Shop) -> Cart:
    """Paid and completed by the shop at once."""
    return _cart(shop, _some(shop), then="completed")


def emoji_note(shop: Shop) -> Cart:
    """A note with emoji and three scripts."""
    return _cart(shop, _some(shop), customer_note="Hvala puno! 🎁😀 спасибо ありがとう – 2× please")


def zero_line(shop: Shop) -> Cart:
    """A free sample beside a paid thing: a line of amount zero."""
    return _cart(shop, [Line(sku="FREE-0"), *_full_rate(shop, 1)])


def long_address(shop: Shop) -> Cart:
    """Names and streets longer than an ERP field."""
    buyer = _buyer(shop.rng)
    buyer |= {
        "company": "Gesellschaft für internationale Haushaltswaren und Küchenbedarf mbH & Co. KG",
        "address_1": "Ulica hrvatskih branitelja Domovinskoga rata i svih znanih i neznanih junaka 118 a",
        "address_2": "Stubište 4, 7. kat, stan 31, zvono na portafonu desno od dizala",
        "city": "Sankt Margarethen im Burgenland an der Römerstraße",
    }
    return _cart(shop, _some(shop), billing=buyer)


def same_sku_two_lines(shop: Shop) -> Cart:
    """The same product on two lines."""
    line = _full_rate(shop, 1)[0]
    return _cart(shop, [line, Line(sku=line.sku, quantity=shop.rng.randint(1, 4))])


STORIES: dict[str, Story] = {
    story.__name__: story
    for story in (
        *(guest, registered, variations, coupon_percent, coupon_fixed, fee_positive, fee_negative),
        *(two_tax_rates, usd, sixty_lines, unknown_sku, on_hold, cancelled, pending, checkout_draft),
        *(cod, completed, emoji_note, zero_line, long_address, same_sku_two_lines),
    )
}
