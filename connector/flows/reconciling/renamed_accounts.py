"""Accounts that the store file names otherwise since something was posted. Pure; called by postings.py.

What was posted stands where it stands. It counts as due there only if nothing but names has changed: accounts that are named then
and now bear the same amounts, and each of the others has one of its amount on the other side. So one account that was taken for
another is seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal


def former_names(due: Mapping[str, Decimal], posted: Mapping[str, Decimal]) -> dict[str, str]:
    """Returns by what name each account of `due` was posted that has another one now; none if more is different.

    Args:
        due: What each account has to show by the store file.
        posted: What was posted on each.
    """
    if any(due[account] != posted[account] for account in due.keys() & posted.keys()):
        return {}
    now, then = _by_amount(due, posted), _by_amount(posted, due)
    if [due[account] for account in now] != [posted[account] for account in then]:
        return {}
    return dict(zip(now, then, strict=True))


def _by_amount(sums: Mapping[str, Decimal], others: Mapping[str, Decimal]) -> list[str]:
    """Returns the accounts that the other side does not have, by their amounts."""
    return sorted(sums.keys() - others.keys(), key=lambda account: (sums[account], account))
