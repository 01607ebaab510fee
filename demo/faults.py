"""What goes wrong in M3 during the demo, and how often; used by demo/story.py.

What costs a batch order its number or a minute of waiting has a budget of times, so that the story ends; the rest is
a rate. Whatever is counted as injected comes from M3 itself, never from this plan.
"""

from __future__ import annotations

from typing import Any

GATEWAY_CUT_S = 3
LATENCY_MS = 60


def m3_faults(orders: int, *, seed: int) -> dict[str, Any]:
    """Returns the body for `_control/faults` of the sandbox M3.

    Args:
        orders: How many orders will come; budgets grow with them.
        seed: The same seed draws the same faults for the same calls.
    """
    some = max(1, orders // 30)
    return {
        "seed": seed,
        "latency_ms": LATENCY_MS,
        "gateway_cut_s": GATEWAY_CUT_S,
        "late_commit_s": 2,
        "retry_after_s": 2,
        "http_429": 0.02,
        "http_503": 0.01,
        "times": {"http_429": 3 * some, "http_503": 2 * some},
        "rules": [
            _rule("lock", "AddBatchHead", rate=0.15, times=2 * some),
            _rule("lock", "Confirm", rate=0.15, times=some),
            _rule("drop_after_commit", "AddBatchHead", rate=0.2, times=some),
            _rule("drop_after_commit", "AddBatchLine", rate=0.2, times=some),
            _rule("drop_after_commit", "Confirm", rate=0.2, times=some),
            _rule("late_answer", "AddBatchLine", rate=0.2, times=some),
            _rule("late_answer", "Confirm", rate=0.2, times=some),
        ],
    }


def _rule(fault: str, transaction: str, *, rate: float, times: int) -> dict[str, Any]:
    return {"fault": fault, "program": "OIS100MI", "transaction": transaction, "rate": rate, "times": times}
