"""Time and trouble: leases that run out, a broker that forgets, faults of M3 and of the shop. Rules of machine.py."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from sandbox.m3.faults import Fault, Rule
from tests.acceptance.simulation.days import SOME, Day, step
from tests.acceptance.simulation.invoices_books import FLOWS
from tests.acceptance.simulation.messages import Message
from tests.acceptance.simulation.world import M3, SHOP
from workers.sweeper import sweep

M3_FAULTS = (
    *(Fault.DROP_AFTER_COMMIT, Fault.DROP_BEFORE_COMMIT, Fault.LATE_ANSWER, Fault.HANG, Fault.HTTP_429, Fault.HTTP_503),
    *(Fault.HTTP_504, Fault.LOCK, Fault.CHANGED_BY_OTHER, Fault.TERMINATE, Fault.TOKEN_REVOKE, Fault.NOK),
)
CALLS = {
    "orders": (
        *("OIS100MI/Confirm", "OIS100MI/AddBatchHead", "OIS100MI/AddBatchLine", "OIS100MI/DelBatchHead"),
        *("OIS275MI/GetTmpOrderStat", "OIS100MI/LstLine", "OIS100MI/LstBatchHead", "OIS100MI/Confirm"),
    ),
    "customers": ("CRS610MI/Add", "CRS610MI/GetBasicData", "CRS610MI/ChgBasicData", "CRS610MI/AddAddress"),
    "inventory": ("MMS200MI/GetItmWhsBal", "MMS310MI/Update", "MMS310MI/Get"),
    "catalog": ("OIS017MI/LstBasePrice", "MMS200MI/UpdItmBasic", "MMS200MI/GetItmBasic"),
}
OF_BOOKS = {
    "finance": (
        *("GLS840MI/UpdBatch", "GLS840MI/AddBatchHead", "GLS840MI/AddBatchLine", "GLS840MI/AddBatchLineFld"),
        *("GLS840MI/CtrlBatch", "GLS200MI/LstVouchersByDt", "ARS040MI/ControlBatch", "ARS040MI/AddBatchHead"),
        *("ARS040MI/AddBatchLine", "GLS840MI/UpdBatch"),
    ),
    "inventory": ("MMS850MI/AddAdjust", "MMS850MI/AddAdjust", "MMS850MI/GetStkId"),
}
"""What runs call that post to M3's ledger, or book units of invoices."""
IN_SHOP = {"status": "", "inventory": "products", "catalog": "products"}
"""What of the shop the runs of a queue write."""
LATE = "late"
GOODS_FAULTS = (LATE, "drop_after_commit", LATE, "http_503", "late_answer", "http_500", "http_429", "http_504")
CONFIRM_STATUSES = ("25", "30", "20", "55", "15")
ACCOUNT_CALLS = 6
"""Up to this number a run of the pool of customers fails in M3, above it in the shop."""
SHOP_FAULTS = ("drop_after_commit", "http_503", "http_500", "http_429")
JOB_LAGS_S = (0, 0, 5, 90, 700)
PAUSES_S = (1, 5, 10, 20, 46, 61, 130, 600, 1200)
LATE_COMMITS_S = (1, 4, 30, 200)
LATEST_BATCH_S = 4
"""Within the time after which the connector looks again."""


class Trouble(Day):
    """The rules about what goes wrong outside the connector."""

    @rule(seconds=st.sampled_from(PAUSES_S))
    @step
    def pass_time(self, seconds: int) -> None:
        """Time passes."""
        self.world.clock.advance(seconds)
        self.tell(f"{seconds} s pass.")

    @precondition(lambda self: self.is_leased)
    @rule()
    @step
    def let_leases_expire(self) -> None:
        """Time passes, and the sweeper takes back what nobody holds any more."""
        self.world.clock.advance(46)
        self.tell(f"46 s pass; the sweeper: {sweep(self.world.workers[1])}.")

    @precondition(lambda self: self.waiting)
    @rule(which=SOME, all_of_them=st.booleans())
    @step
    def forget_messages(self, which: int, all_of_them: bool) -> None:
        """The broker loses a message, or everything."""
        if all_of_them:
            self.tally.faults["broker flushed"] += 1
            self.world.valkey.flushdb()
            self.tell(f"The broker is flushed, {len(self.waiting)} messages are gone.")
        else:
            self.tally.faults["message lost"] += 1
            self.tell(f"The broker loses the message of {self._what(self._take(which).exchange_id)}.")

    @precondition(lambda self: self.waiting)
    @rule(
        which=SOME,
        what=st.sampled_from(
            ("away 20 s", "away 300 s", "tokens revoked", *(f"status {one}" for one in CONFIRM_STATUSES))
        ),
    )
    @step
    def trouble_in_m3(self, which: int, what: str) -> None:
        """M3 is away, forgets its tokens, or leaves the next batch order hanging; then a worker runs a message."""
        word, _, value = what.partition(" ")
        self._count_m3_faults()
        if word == "away":
            self.world.m3_faults(outage_s=float(value.removesuffix(" s")))
        elif word == "tokens":
            self.tally.faults["all tokens revoked"] += 1
            self.world.site.tokens._expiry.clear()
        else:
            confirm = {"program": "OIS100MI", "transaction": "Confirm"}
            self.world.m3_faults(
                Rule.model_validate({**confirm, "fault": "confirm_status", "status": value, "times": 1})
            )
        self.tell(f"M3: {what}{' after Confirm' if word == 'status' else ''}.")
        self._run(self._take(which), 0)

    @precondition(lambda self: self.world.sort.keeps_books)
    @rule(lag_s=st.sampled_from(JOB_LAGS_S), runs_messages=st.booleans())
    @step
    def hold_up_books(self, lag_s: int, runs_messages: bool) -> None:
        """M3's jobs take longer to post what they took, and to execute messages of stock; or are quick again."""
        self.world.control(M3, "ledger", lag_s=lag_s, posts_payments=not lag_s)
        self.world.control(M3, "stock/messages", runs=runs_messages)
        self.tell(f"M3's jobs post after {lag_s} s, and {'execute' if runs_messages else 'leave'} messages of stock.")

    @precondition(lambda self: self.waiting)
    @rule(which=SOME, call=SOME, fault=st.sampled_from(M3_FAULTS), late_s=st.sampled_from(LATE_COMMITS_S))
    @step
    def run_and_fail(self, which: int, call: int, fault: Fault, late_s: int) -> None:
        """A worker runs a message, and a call of it goes wrong in M3 or in the shop."""
        message = self._take(which)
        if message.queue == "status":
            self._fail_in_shop(SHOP_FAULTS[call % len(SHOP_FAULTS)], "PUT" if late_s == 1 else "POST")
        elif message.queue == "customers" and self.world.sort.follows_accounts and call > ACCOUNT_CALLS:
            self._fail_in_shop(SHOP_FAULTS[call % len(SHOP_FAULTS)], "POST", path="customers")
        elif self.world.sort.shows_goods and message.queue in IN_SHOP and call < len(GOODS_FAULTS):
            self._fail_in_batch(GOODS_FAULTS[call], late_s)
        else:
            of_sort = OF_BOOKS if self._is_of_books(message) else {}
            calls = of_sort.get(message.queue) or CALLS.get(message.queue, CALLS["orders"])
            self._fail_in_m3(calls[call % len(calls)], fault, late_s)
        self._run(message, 0)
        self.world.wires.late_by_s = None

    def _is_of_books(self, message: Message) -> bool:
        """Tells whether what a message runs calls M3's ledger, or its stock, for the store's books."""
        flow = self._what(message.exchange_id).split()[0]
        return self.world.sort.posts_invoices or (self.world.sort.pays_orders and flow in FLOWS)

    def _fail_in_m3(self, name: str, fault: Fault, late_s: int) -> None:
        self._count_m3_faults()
        program, transaction = name.split("/")
        rule = Rule(fault=fault, program=program, transaction=transaction, times=1)
        self.world.m3_faults(rule, late_commit_s=late_s)
        late = f", executed {late_s} s after the cut" if fault == Fault.LATE_ANSWER else ""
        self.tell(f"The next {name} will meet {fault}{late}.")

    def _fail_in_batch(self, fault: str, late_s: int) -> None:
        if fault == LATE:
            self.tally.faults["batch of goods late"] += 1
            self.world.wires.late_by_s = min(late_s, LATEST_BATCH_S)
            self.tell(f"The next batch for the shop gets no answer and arrives {min(late_s, LATEST_BATCH_S)} s later.")
        else:
            self._fail_in_shop(fault, "POST", path="products")

    def _fail_in_shop(self, fault: str, method: str, *, path: str = "") -> None:
        self.tally.faults[f"shop {fault} asked for"] += 1
        self.world.control(SHOP, "faults", rules=[{"fault": fault, "method": method, "path": path, "times": 1}])
        self.tell(f"The next {method} to the shop will meet {fault}.")
