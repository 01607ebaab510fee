"""What goes wrong in M3 and in the shop, and how often; sent to their control sides by run.py.

Counted as injected is only what the systems themselves counted.
"""

from __future__ import annotations

from typing import Any

from tests.acceptance.soak.size import Size

GATEWAY_CUT_S = 3
LATE_COMMIT_S = 2
VERY_LATE_MS = 12_000
"""M3 commits nine seconds after the gateway gave up: the look after the settle time (6 s from sending) comes before it.
A number of a batch order that was deleted takes no late write; a Confirm is sent again only to its own number; a head that
appears later is hunted for ten minutes."""


def m3_faults(size: Size, *, late_heads: bool = False, credit_stops: bool = False) -> dict[str, Any]:
    """Returns the body for `_control/faults` of the sandbox M3.

    Args:
        size: Of the run; its seed draws the faults.
        late_heads: Make batch heads later than the first look.
        credit_stops: Leave some batch orders stopped for credit.
    """
    rules = [
        _rule("confirm_status", "Confirm", rate=0.006, status="15"),
        _rule("confirm_status", "Confirm", rate=0.006, status="25"),
        _rule("confirm_status", "Confirm", rate=0.004, status="20"),
        _rule("latency", "AddBatchLine", rate=0.006, latency_ms=VERY_LATE_MS),
        _rule("latency", "Confirm", rate=0.01, latency_ms=VERY_LATE_MS),
        _rule("latency", "DelBatchHead", rate=0.02, latency_ms=VERY_LATE_MS),
    ]
    if late_heads:
        rules.append(_rule("latency", "AddBatchHead", rate=0.06, latency_ms=VERY_LATE_MS))
    if credit_stops:
        rules.append(_rule("confirm_status", "Confirm", rate=0.004, status="30"))
    return {
        "seed": size.seed,
        "latency_ms": 15,
        "gateway_cut_s": GATEWAY_CUT_S,
        "late_commit_s": LATE_COMMIT_S,
        "retry_after_s": 1,
        "drop_after_commit": 0.05,
        "late_answer": 0.03,
        "http_429": 0.025,
        "http_503": 0.025,
        "hang": 0.02,
        "changed_by_other": 0.01,
        "lock": 0.02,
        "rules": rules,
    }


def shop_faults() -> dict[str, Any]:
    """Returns the body for `_control/faults` of the sandbox shop."""
    return {"latency_ms": 10, "http_503": 0.02, "http_429": 0.005, "drop_after_commit": 0.03, "retry_after_s": 1}


def _rule(fault: str, transaction: str, *, rate: float, **more: Any) -> dict[str, Any]:
    return {"fault": fault, "program": "OIS100MI", "transaction": transaction, "rate": rate, **more}
