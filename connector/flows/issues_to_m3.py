"""Books units of an order carried as an invoice out of M3's stock, and in again what the shop takes back. Run by workers/base.py.

Left by the order's own run where the store file says `invoices.stock: issue`, or said so when M3 booked units of the order. What M3
shall have booked out is what the order holds of the shop's stock; each run books the difference, so that refunds, changes and
cancellations need no rule of their own.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from connector.accounting.invoices import StockIssue
from connector.errors import ChangedAfterDiscardError, NotYetError
from connector.flows import marks, tenure
from connector.flows.books.keys import epoch_of
from connector.flows.books.owning import require_own
from connector.flows.context import Run
from connector.flows.issues import booking, unbooked
from connector.flows.issues.keeping import ZERO, Issue
from connector.flows.issues.leaving import leave_issue
from connector.flows.issues.removed import find_removed, tell_unlisted
from connector.flows.issues.rules import as_kept, rules_of, stated
from connector.flows.issues.wanted import every_line, with_items, with_wanted
from connector.flows.orders import adopting
from connector.flows.orders.source import fetch
from connector.flows.outcome import Done
from connector.flows.stock.selling import note_issued
from connector.ledger import bindings
from connector.ledger.document_records import DocumentRecord, References
from connector.ledger.posted import find_posted
from connector.ledger.succession import is_set_aside
from connector.ledger.tables import DocumentState
from connector.stores.orders import OrderAction
from connector.woocommerce.models import Order

KIND = "stock_issue"
EXECUTED = "M3 shows the message as executed"


def run(run: Run) -> Done:
    """Brings M3's stock to what one order holds.

    Raises:
        ConnectorError: See errors.py and issues/booking.py.
    """
    if is_set_aside(run.claim.business_key):
        return finish_set_aside(run)
    found = take_up(run)
    if isinstance(found, Done):
        return found
    order, document = found
    rules = rules_of(run, Issue.from_json(document.plan))
    document = look_back(run, document, order, rules)
    issue = with_wanted(run, Issue.from_json(document.plan), order)
    document = keep(run, document, issue)
    unbooked.require_no_line(run, document, issue)
    moves = issue.moves()
    if not moves and not issue.begun:
        return finish(run, document)
    if issue.begun.keys() - moves.keys():  # nobody wants it any more, and it may come all the same
        booking.wait_out(run, document, is_wanted=False)
        issue = issue.without(issue.begun.keys() - moves.keys())
    if order is not None and moves:
        return book(run, document, with_items(run, issue, order, moves.keys()), rules)
    return finish(run, keep(run, document, issue))


def take_up(run: Run) -> tuple[Order | None, DocumentRecord] | Done:
    """Returns the order, None if the shop does not have it any more, and what M3 is to hold; or why there is nothing.

    What a person answered for is taken account of before the shop is asked, and what is wanted now before M3 is.
    """
    document = run.claim.live_document
    if document is not None:
        document = settle_answered(run, document)
    order = fetch(run)
    leave_issue(run, order)  # as it was read: it is news then that the order is again as it was told before
    marks.recall(run, order)
    if document is None:
        reason = why_nothing(run, order)
        if order is None or reason:
            return Done(reason)
        document = settle_answered(run, begin(run, order))
        require_answer(run)
        return order, document
    if order is None:
        return None, document
    require_own(run, order, epoch=document.plan["epoch"])
    document = keep(run, document, with_wanted(run, Issue.from_json(document.plan), order))
    require_answer(run)
    return order, document


def require_answer(run: Run) -> None:
    """Lets pass what nobody discarded, or said so since this ledger was put back to before that.

    Raises:
        ChangedAfterDiscardError: What M3 held when it was discarded, a person has to see.
    """
    said = run.claim.discard
    if said is not None and said.is_found_again:
        raise ChangedAfterDiscardError(
            f"A person answered for the units M3 holds of order {run.claim.business_key}, and for how many is not known any more. "
            f"{said.words}",
            resolution="Let M3 hold what the order holds of the shop's stock now (MMS310), then discard this exchange again. To "
            f"have the connector book what M3 has no message for: connector dead-letters release {run.claim.exchange_id}",
        )


def finish_set_aside(run: Run) -> Done:
    """Ends the bookings of an order whose id the shop gave to another one: what was sent is proved, nothing is begun."""
    document = run.claim.live_document
    if document is not None:
        look_back(run, document, None, rules_of(run, Issue.from_json(document.plan)))
    return Done("the shop gave the id to another order; what M3 booked of this one stays")


def why_nothing(run: Run, order: Order | None) -> str:
    """Says why nothing is begun, or nothing.

    Raises:
        NeedsPersonError, MissingDependencyError: See issues/unbooked.py.
    """
    if order is None:
        return "the order does not exist in the shop any more"
    if stated(run.store) is None:
        unbooked.require_none(run, order)
        return "the stock of invoiced orders is not issued"
    if find_posted(run.journal.connection, shop_scope=run.store.name, shop_key=run.claim.business_key) is not None:
        return "M3 has it as an order, which takes its units"
    if may_be_booked(run, order):
        return ""
    if run.store.config.orders.action(order.status) is not OrderAction.CONFIRM:
        return f"status {order.status}: nothing to carry across"
    issue = with_wanted(run, Issue(epoch_of(order)), order)
    return "" if issue.moves() else "it holds nothing of the shop's stock"


def may_be_booked(run: Run, order: Order) -> bool:
    """Tells whether M3 may have booked units of which this ledger knows nothing, also of lines that hold none any more."""
    return adopting.may_be_known(run, created_at=order.created_at, is_marked=False)


def begin(run: Run, order: Order) -> DocumentRecord:
    """Begins the document of an order; what is wanted is in it before anything can fail, for a person may answer for it."""
    issue = with_wanted(run, Issue(epoch_of(order), rules=as_kept(stated(run.store))), order)
    return run.journal.begin_document(KIND, m3_scope=run.store.m3_scope, references=References(), plan=issue.to_json())


def settle_answered(run: Run, document: DocumentRecord) -> DocumentRecord:
    """Takes a discarded dead letter for what the person says by it: M3 holds what was wanted then.

    It is asked of the discard itself, which a run that fails or is killed does not change, and which a release takes back.
    """
    issue, said = Issue.from_json(document.plan), run.claim.discard
    if said is None and issue.answered:
        return keep(run, document, issue.taken_back(), booked="a person took back what they answered for")
    if said is None or said.is_found_again or issue.answered == said.at.isoformat():
        return document
    return keep(run, document, issue.answered_for(said.at.isoformat()), booked="a person answered for it")


def look_back(run: Run, document: DocumentRecord, order: Order | None, rules: StockIssue) -> DocumentRecord:
    """Sees what became of what was sent and not proved; all of it, where this ledger may have forgotten something.

    Raises:
        NotYetError, NeedsPersonError: M3 has not executed it; or it may still arrive.
    """
    issue, is_listed = Issue.from_json(document.plan), True
    asked: Collection[str] = list(issue.begun)
    if order is not None and (run.claim.is_replay or not document.steps) and may_be_booked(run, order):
        issue, is_listed = with_forgotten(run, issue, order, rules)
        asked = list(issue.lines)
    while asked:
        looked = booking.look(run, issue, asked, rules)
        issue = issue.booked(looked.executed).skipping(looked.taken)
        document = keep(run, document, issue, booked=EXECUTED if looked.executed else "")
        booking.require_executed(looked)
        # A line may have been booked several times, which this ledger may have forgotten.
        asked = [*looked.executed, *looked.taken]
    if issue.begun:
        booking.wait_out(run, document, is_wanted=True)
    return document if is_listed else tell_unlisted(run, document, issue)


def with_forgotten(run: Run, issue: Issue, order: Order, rules: StockIssue) -> tuple[Issue, bool]:
    """Returns it with every line that may be booked, also removed ones, and whether M3 lists all it has of the order."""
    issue = replace(issue, lines={**every_line(order), **issue.lines})
    there = booking.look(run, issue, issue.lines, rules)
    known = {*there.executed, *there.waiting}
    issue = with_items(run, issue, order, known)
    found = find_removed(run, issue, rules)
    return replace(issue, lines={**issue.lines, **found.removed}), known <= found.listed


def book(run: Run, document: DocumentRecord, issue: Issue, rules: StockIssue) -> Done:
    """Sends the difference, and believes what M3 then shows.

    Raises:
        M3RejectedError: M3 did not take a message.
        NotYetError, NeedsPersonError: It has not executed one.
        OutcomeUnknownError: An answer was lost; the next run looks.
    """
    tenure.require(run)
    issue = replace(issue.beginning(issue.moves()), rules=as_kept(rules))
    document = keep(run, document, issue)
    error = booking.send(run, document, issue, rules)
    looked = booking.look(run, issue, list(issue.begun), rules)
    issue = issue.booked(looked.executed).skipping(looked.taken)
    document = keep(run, document, issue, booked=EXECUTED if looked.executed else "")
    booking.require_executed(looked)
    if error is not None:
        raise error
    if looked.taken:
        raise NotYetError(
            "A stock message of another order, which had the same id, has the number.",
            retry_after_s=1,
            resolution="Nothing to do: the next number is taken.",
        )
    if issue.begun:
        raise NotYetError(
            "M3 said yes to a stock message and does not show it.",
            retry_after_s=booking.LOOK_AGAIN_S,
            resolution="Nothing to do: it is looked for again. If it never shows, look at MMS850 and release.",
        )
    if issue.moves():
        raise NotYetError(
            "M3 had other units under the number of a stock message than the order asks for now.",
            retry_after_s=0,
            resolution="Nothing to do: the difference is booked next.",
        )
    return finish(run, document)


def keep(run: Run, document: DocumentRecord, issue: Issue, *, booked: str = "") -> DocumentRecord:
    """Stages what is known now; `booked` says why M3 holds something else than before, and other units are in flight."""
    before = Issue.from_json(document.plan)
    if booked:
        document = _bind(run, document)
        note_issued(run, issue.by_product())
        changed = [line for line in issue.lines if issue.lines[line] != before.lines.get(line)]
        run.journal.audit(
            "stock issue",
            system="m3",
            key=run.claim.business_key,
            before={line: before.lines[line].told for line in changed if line in before.lines},
            after={line: issue.lines[line].told for line in changed},
            why=booked,
        )
    return document if issue == before else run.journal.replan(document, {**document.plan, **issue.to_json()})


def _bind(run: Run, document: DocumentRecord) -> DocumentRecord:
    """Stages that M3 holds units of the order: from here on it is in M3's figure and not in flight."""
    if document.state is DocumentState.CONFIRMED:
        return document
    number = f"{run.store.name}-{run.claim.business_key}-{document.plan['epoch']}"
    run.journal.change_document(document.id, state=DocumentState.CONFIRMED, final_number=number)
    bindings.bind(
        run.journal.connection,
        bindings.ISSUE,
        shop_scope=run.store.name,
        shop_key=run.claim.business_key,
        m3_scope=run.store.m3_scope,
        m3_key=number,
        exchange_id=run.claim.exchange_id,
    )
    return document.confirmed_as(number)


def finish(run: Run, document: DocumentRecord) -> Done:
    """Ends a run after which M3 holds what is wanted."""
    issue = Issue.from_json(document.plan)
    if document.state is not DocumentState.CONFIRMED:  # begun, and given up before M3 took anything
        run.journal.change_document(document.id, state=DocumentState.ABANDONED)
        return Done("nothing of it is to leave M3's stock any more")
    units = sum((one.units for one in issue.lines.values()), start=ZERO)
    return Done(f"M3 has booked {units:f} units out of stock")
