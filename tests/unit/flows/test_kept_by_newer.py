"""What a newer version keeps beside what this one knows is left alone, wherever it is kept."""

from __future__ import annotations

import json
from dataclasses import asdict
from decimal import Decimal

from connector.flows.books.converting import IntoBooks
from connector.flows.discarded import END, Meaning
from connector.flows.order_changes.discarding import AMOUNTS, nobodys_of
from connector.flows.refunds.invoices import portion_from
from connector.flows.stock.correcting import Correction, read_correction
from connector.money.rates import Ratio

MORE = {"of_a_newer_version": 1}


def test_the_rate_of_an_invoice_is_read() -> None:
    into = IntoBooks(source="USD", target="EUR", decimals=2, ratio=Ratio(Decimal("0.862"), Decimal(1)))

    assert IntoBooks.from_json(into.to_json() | MORE) == into


def test_what_is_to_be_taken_of_a_further_invoice_is_read() -> None:
    invoice = {"number": "7", "year": "2026", "text_number": "", "customer": "C1", "payer": "C1"}
    taken = {"refund_id": 3, "total": "1.00", "pieces": []}

    portion = portion_from({"invoice": invoice | MORE, "taken": taken | MORE})

    assert (portion.invoice.name, portion.taken.total) == ("2026/7", Decimal("1.00"))


def test_a_correction_of_stock_is_read() -> None:
    found = Correction(
        item_number="MUG-001", sku="MUG-001", product_id=11, expected="5", seen="7", factor="1", sold="0", found_at="-"
    )

    assert read_correction(json.dumps(asdict(found) | MORE).encode()) == found


def test_what_was_discarded_of_an_order_is_forgotten() -> None:
    meaning = Meaning(END, "deleted", {AMOUNTS: "5e", "billing": "7a"})

    kept = nobodys_of(asdict(meaning) | MORE)

    assert kept is not None
    assert kept["parts"] == {AMOUNTS: "5e"}
