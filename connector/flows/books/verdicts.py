"""What is said of a batch that cannot go on (burnt, taken, given up, not posted yet), and what becomes of it."""

from __future__ import annotations

from datetime import UTC, datetime

from connector.errors import ConnectorError, M3RejectedError, NeedsPersonError, NotYetError
from connector.flows.books import looking
from connector.flows.books.sheet import Sheet
from connector.flows.books.ways import Way
from connector.flows.context import Run
from connector.ledger.document_records import DocumentRecord
from connector.ledger.people import use_up_rebuild
from connector.ledger.posted import find_batch_before
from connector.ledger.standing import find_standing
from connector.ledger.tables import DocumentState
from connector.m3.programs.gls840mi import INVOICE

NEXT_VERSION = "Nothing to do: the next version of the key is taken."


def burn(run: Run, document: DocumentRecord, sheet: Sheet, way: Way, error: ConnectorError) -> ConnectorError:
    """Gives a batch up that M3 refused; one that is only locked is kept."""
    if not isinstance(error, M3RejectedError):
        return error
    run.journal.change_document(document.id, state=DocumentState.ABANDONED)
    run.journal.audit("key burnt", system="m3", key=sheet.key, why=error.message)
    return error.advising(
        f"Delete batch {sheet.key} in {way.program} and correct the cause ({way.causes}); then release the exchange: the next "
        "version of the key is taken."
    )


def require_none_left(run: Run) -> None:
    """Lets pass an order whose invoice is given up, so that it may become a customer order, if no batch of it stands in M3.

    Raises:
        NeedsPersonError: One may, and would sell it twice if somebody updated it there.
    """
    held = run.claim
    standing = find_standing(run.journal.connection, held.scope, flow=held.flow, key=held.business_key)
    if standing is None or not standing.is_left:
        return
    keys = [str(one.plan["sheet"]["key"]) for one in run.claim.documents]
    raise NeedsPersonError(
        f"The store carries orders as customer orders now, and batch {max(keys)}, which M3 refused, may still stand there.",
        resolution="Delete it in GLS840, then release the exchange: a customer order is made. Or correct and update it there, then "
        f"discard it: connector dead-letters discard {run.claim.exchange_id} --entered-as VOUCHER --reason TEXT",
    )


def taken(run: Run, document: DocumentRecord, sheet: Sheet, way: Way) -> ConnectorError:
    """The key was used before, not by this document: for another order, or in a batch nobody updated."""
    run.journal.commit()
    other = _invoice_before(run, sheet) if sheet.kind == INVOICE else None
    if other is not None:
        return _number_is_taken(run, document, sheet, other)
    if way.is_of_another(run, sheet):
        run.journal.change_document(document.id, state=DocumentState.ABANDONED)
        return NotYetError(
            f"Key {sheet.key} belongs to another order, which had the same id.",
            retry_after_s=1,
            resolution=NEXT_VERSION,
        )
    return NeedsPersonError(
        f"Key {sheet.key} is taken in M3, and nothing posted of {sheet.happened_on} to {sheet.day} has it.",
        resolution=f"Look at batch {sheet.key} in {way.program}. Update it there, and the connector notices by itself; or delete "
        f"it, then: connector dead-letters release {run.claim.exchange_id} --rebuild",
    )


def _invoice_before(run: Run, sheet: Sheet) -> str | None:
    """Says what M3 has under the key of an invoice, of another order that had the id before; None if nothing is known of it."""
    order_id = run.claim.business_key
    before = find_batch_before(run.journal.connection, run.store.name, flow=run.claim.flow, order_id=order_id)
    if before is not None:
        return f"voucher {before.final_number}, {_stated(before)}, of one made at {_made(Sheet.from_json(before.plan['sheet']))}"
    voucher = looking.voucher_of_another(run, sheet)
    return None if voucher is None else f"voucher {voucher}"


def _number_is_taken(run: Run, document: DocumentRecord, sheet: Sheet, other: str) -> NeedsPersonError:
    """An invoice number follows from the shop's id alone, so the second one would have the number of the first."""
    return NeedsPersonError(
        f"The shop gave an id twice, and M3 has an invoice with its number: {other}. This one is of {_stated(document)}, made at "
        f"{_made(sheet)}, and is not posted under the same number.",
        resolution="Enter it in M3 by hand under a number of its own, then: connector dead-letters discard "
        f"{run.claim.exchange_id} --entered-as NUMBER --reason TEXT",
    )


def _stated(document: DocumentRecord) -> str:
    content = document.plan["content"]
    return f"{content.get('total', content.get('amount'))} {document.plan['sheet']['currency']}"


def _made(sheet: Sheet) -> str:
    return f"{datetime.fromtimestamp(int(sheet.epoch), tz=UTC):%Y-%m-%d %H:%M:%S} UTC"


def given_up(run: Run, document: DocumentRecord, sheet: Sheet) -> ConnectorError:
    """Leaves a batch that a person deleted in M3, who says so by a release with --rebuild; its key is never sent again."""
    run.journal.change_document(document.id, state=DocumentState.ABANDONED)
    run.journal.audit("key given up", system="m3", key=sheet.key, why="released with --rebuild")
    use_up_rebuild(run.journal.connection, run.claim.exchange_id)
    return NotYetError(f"A person gave batch {sheet.key} up.", retry_after_s=1, resolution=NEXT_VERSION)


def gone(document: DocumentRecord) -> NeedsPersonError:
    """M3 showed it as posted once, and does not any more."""
    number = document.final_number
    return NeedsPersonError(
        f"Voucher {number} is not in M3's ledger any more.",
        resolution=f"Look in GLS200 whether it was reversed or M3 was put back to a backup. Nothing is posted a second time: "
        f"enter it by hand under {number} if it has to be there, then discard this exchange.",
    )


def still_arriving(now: datetime, over_at: datetime) -> NotYetError:
    """An answer was lost, and the write may still take effect."""
    return NotYetError(
        "The last write of the batch was sent and its answer not seen; it may still take effect.",
        retry_after_s=(over_at - now).total_seconds(),
        resolution="Nothing to do: M3 is asked again after the settle time.",
    )


def not_posted_yet(sheet: Sheet, way: Way) -> NotYetError:
    """M3 took the batch; whoever posts it there has not done so."""
    return NotYetError(
        f"M3 took batch {sheet.key}, and does not show it as posted yet.",
        retry_after_s=way.look_again_s,
        resolution=f"Nothing to do if {way.posted_by} does its work. Else look at batch {sheet.key} in {way.program} and update "
        "it there; the connector notices by itself. If you delete it: dead-letters release --rebuild.",
    )


def refused_again(sheet: Sheet, way: Way, error: ConnectorError) -> NotYetError:
    """A write whose answer was lost may have been taken, so what M3 says of the next one does not burn the key."""
    return NotYetError(
        f"M3 refuses batch {sheet.key}: {error.message} The answer to an earlier write was lost, and M3 does not show the "
        "batch as posted.",
        retry_after_s=way.look_again_s,
        resolution=f"Nothing to do if {way.posted_by} does its work. Else look at batch {sheet.key} in {way.program}: correct the "
        "cause and update it there, and the connector notices by itself; or delete it, then: dead-letters release --rebuild.",
    )
