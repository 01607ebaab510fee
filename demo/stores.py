"""The store files of the demo: one store whose orders become orders in M3, one whose orders become invoices. Used by the stage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from demo.faults import GATEWAY_CUT_S

ROOT = Path(__file__).resolve().parent.parent
STORE, DIRECT = "w1", "w2"
"""Orders become customer orders; orders become customer invoices."""
BACKOFF_S = [2, 5, 10, 20, 30, 60]
SHOP_REQUESTS_PER_S = 25

ACCOUNTS = {
    "1510": "receivables",
    "1580": "clearing, card gateway",
    "1930": "bank",
    "2420": "prepayments of buyers",
    "2610": "output VAT 25 %",
    "2611": "output VAT 5 %",
    "3010": "sales, kitchen",
    "3020": "sales, reduced rate",
    "3090": "sales, other",
    "3510": "freight",
    "3520": "fees",
    "3730": "discounts given",
    "3740": "rounding",
}
"""Accounts of the sandbox M3 that the store files name."""
FOLLOWED: dict[str, Any] = {"owners": {"phone": "m3"}}
"""Accounts are followed; the shop is the master of all but the telephone number."""
BOOKS: dict[str, Any] = {"control_accounts": ["1510"]}
PAYMENTS: dict[str, Any] = {
    "interface": "WEBGL",
    "identity": "G1",
    "liability": {"account": "2420"},
    "methods": {
        "stripe": {"clearing": {"account": "1580"}},
        "bacs": {"clearing": {"account": "1930"}},
        "cod": {"clearing": {"account": "1930"}},
    },
}
INVOICES: dict[str, Any] = {
    "layout": "webinv",
    "number_prefix": "W2-",
    "credit_prefix": "W2C-",
    "receivable": {"account": "1510"},
    "revenue": [
        {"category": "kitchen-home", "account": {"account": "3010"}},
        {"tax_class": "reduced-rate", "account": {"account": "3020"}},
        {"account": {"account": "3090"}},
    ],
    "shipping": {"account": "3510"},
    "fees": {"account": "3520"},
    "discounts": {"account": "3730"},
    "rounding": {"account": "3740"},
    "taxes": [{"rate": "25", "account": {"account": "2610"}}, {"rate": "5", "account": {"account": "2611"}}],
    "vat_codes": {"25": "1", "5": "2"},
    "stock": "issue",
    "issue": {"partner": "WEB", "location": "MAIN", "unit": ""},
}


def order_store() -> str:
    """Returns the file of the store with everything: catalogue, prices, stock, accounts, orders, refunds, payments."""
    store = _example()
    store["customers"]["accounts"] = FOLLOWED
    store["publish"]["customers"] = {}
    store["publish"].setdefault("stock", {})
    store["publish"]["prices"]["zero"] = "publish"
    return yaml.safe_dump({**store, "books": BOOKS, "payments": PAYMENTS}, allow_unicode=True)


def direct_store() -> str:
    """Returns the file of the store in direct-invoice mode, whose catalogue is the shop's own; its units leave M3's stock."""
    store = _example()
    store["orders"]["carried_as"] = "invoice"
    store["publish"] = {}
    store.pop("refunds")  # they become return orders, which direct invoices do not have
    return yaml.safe_dump({**store, "books": BOOKS, "payments": PAYMENTS, "invoices": INVOICES}, allow_unicode=True)


def _example() -> dict[str, Any]:
    """Reads the example store file and gives it plain http and short waits."""
    text = (ROOT / "config" / "stores" / "example.yaml").read_text(encoding="utf-8")
    store: dict[str, Any] = yaml.safe_load(text)
    store["shop"] |= {"allow_plain_http": True, "requests_per_s": SHOP_REQUESTS_PER_S}
    store["m3"]["gateway_cut_s"] = GATEWAY_CUT_S
    store["retry"]["backoff_s"] = BACKOFF_S
    return store
