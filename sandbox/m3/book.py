"""Write down everything the sandbox M3 holds, with stable keys and money as text, for checkers; `app` serves it."""

from typing import Any

from sandbox.m3.book_ledger import ledger_of_book
from sandbox.m3.book_parts import dispatch_of_book, stock_messages_of_book, stock_of_book
from sandbox.m3.entities import BatchOrder, Charge, Customer, Line, Order, OrderBody
from sandbox.m3.money import plain, totals
from sandbox.m3.state import NEGATIVE_ORDER_TYPES, State


def book(state: State) -> dict[str, Any]:
    """Give the whole book."""
    with state.lock:
        for order in state.orders.values():
            order.take_entries(state.now_ms())
        return {
            "orders": [_order(state, order) for order in state.orders.values() if not is_return(order)],
            "returns": [_order(state, order) for order in state.orders.values() if is_return(order)],
            **dispatch_of_book(state),
            "batch_orders": [_batch_order(state, batch) for batch in state.batch_orders.values() if not batch.orno],
            "customers": [_customer(state, entry) for entry in state.customers.values() if entry.created_by_call],
            **ledger_of_book(state),
            **stock_of_book(state),
            "stock_messages": stock_messages_of_book(state),
            "calls": dict(sorted(state.calls.items())),
            "http_calls": state.http_calls,
        }


def is_return(order: Order) -> bool:
    """Tell whether an order takes goods back or credits money."""
    return order.body.head.get("ORTP") in NEGATIVE_ORDER_TYPES


def _order(state: State, order: Order) -> dict[str, Any]:
    return {
        "orno": order.orno,
        "temporary_orno": order.temporary_orno,
        "stat": order.highest_status,
        "lowest_stat": order.lowest_status,
        "held": order.is_held,
        "stop": order.stop,
        "text_blocks": {key[0]: text for key, text in order.text_blocks.items()},
        **_body(state, order.body),
    }


def _batch_order(state: State, batch: BatchOrder) -> dict[str, Any]:
    errors = [error.text for error in batch.errors]
    return {"temporary_orno": batch.temporary_orno, "stat": batch.stat, "errors": errors, **_body(state, batch.body)}


def _body(state: State, body: OrderBody) -> dict[str, Any]:
    customer = state.customers.get(body.cuno)
    figures = totals(body, is_taxed=customer is None or customer.is_taxed)
    head = body.head
    return {
        "cuno": body.cuno,
        "cuor": head.get("CUOR", ""),
        "yref": head.get("YREF", ""),
        "cucd": head["CUCD"],
        "ordt": head["ORDT"],
        "rldt": head["RLDT"],
        "ortp": head.get("ORTP", ""),
        "faci": head.get("FACI", ""),
        "whlo": head.get("WHLO", ""),
        "head": dict(sorted(head.items())),
        "lines": [_line(body.lines[ponr]) for ponr in sorted(body.lines)],
        "closed_lines": [_line(body.closed[ponr]) for ponr in sorted(body.closed)],
        "charges": [_charge(charge) for charge in body.charges.values()],
        "texts": list(body.texts),
        "addresses": [{"adrt": kind, **address} for kind, address in sorted(body.addresses.items())],
        "net": str(figures.net),
        "charge_total": str(figures.charges),
        "line_charge_total": str(figures.line_charges),
        "vat": str(figures.vat),
        "total": str(figures.to_pay),
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "ponr": line.ponr,
        "itno": line.itno,
        "cupo": line.sent.get("CUPO", ""),
        "quantity": plain(line.quantity),
        "unit": line.unit,
        "price": plain(line.price),
        "price_quantity": line.price_quantity,
        "line_amount": str(line.amount),
        "vat_code": line.vat_code,
        "location": line.sent.get("WHSL", ""),
        "reason": line.sent.get("RSCD", ""),
        "stat": line.status,
        "delivered": plain(line.delivered),
        "invoiced": plain(line.invoiced),
        "charges": [_charge(charge) for charge in line.charges.values()],
        "texts": list(line.texts),
    }


def _charge(charge: Charge) -> dict[str, Any]:
    return {"crid": charge.crid, "amount": str(charge.amount), "vat_code": charge.vat_code, "text": charge.text}


def _customer(state: State, customer: Customer) -> dict[str, Any]:
    return {
        "cuno": customer.cuno,
        "stat": customer.status,
        "fields": dict(sorted(customer.fields.items())),
        "addresses": [{"adrt": key[0], "adid": key[1], **sent} for key, sent in sorted(customer.addresses.items())],
        "emails": {kind: mail for (kind, key), mail in sorted(state.emails.items()) if key == customer.cuno},
    }
