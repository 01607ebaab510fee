"""Brings shoppers and accounts of the shop into M3. Run by workers/base.py.

Two kinds of exchanges: a shopper, left by an order and shared by all stores of an M3 company, becomes a customer; an account of a
shop, told by its webhooks and poll, is compared with its customer, and what differs travels to M3.
"""

from __future__ import annotations

from connector.flows.context import Run
from connector.flows.customers.accounts import run_account
from connector.flows.customers.shoppers import run_shopper
from connector.flows.outcome import Done


def run(run: Run) -> Done:
    """Makes the customer of a shopper, or brings M3 what an account says now; see `run_shopper` and `run_account`."""
    is_account = run.claim.scope == run.store.name
    return run_account(run) if is_account else run_shopper(run)
