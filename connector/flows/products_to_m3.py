"""Looks at a product that was changed in the shop: what the shop is the master of travels to M3, the rest is put back.

Run by workers/base.py, one exchange a product. What the connector wrote itself comes back as `product.updated` too; it is told
by what was written last.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta

from connector.errors import NeedsPersonError, NotYetError
from connector.flows import tenure
from connector.flows.context import Run
from connector.flows.orders.source import is_believed
from connector.flows.outcome import Done
from connector.flows.products.carrying import map_product, read_item, wanted_of
from connector.flows.products.ownership import ITEMS, changed_here, fingerprint_of_parts, same
from connector.ledger.document_records import DocumentRecord, References
from connector.ledger.offers import SETTLE_OFFERS, Result, mark_due, settled
from connector.ledger.product_facts import KnownProduct, find_product
from connector.ledger.tables import StepState
from connector.ledger.trail import TrailLine
from connector.m3.programs import item_changes
from connector.mapping.engine import Mapped
from connector.publishing.products import ChangedInShop
from connector.woocommerce.canonical import JSONDict, read_json

KIND = "item"
UPDATE = "update"
CHANGED = "changed_in_shop"
TRASH = "trash"


@dataclass(frozen=True)
class _Fingerprint:
    """What the last look saw: the fields for M3, and the parts that hold ours and others' entries."""

    fields: str = ""
    parts: str | None = None

    @classmethod
    def read(cls, text: str | None) -> _Fingerprint:
        fields, colon, parts = (text or "").partition(":")
        return cls(fields, parts) if colon else cls()

    def __str__(self) -> str:
        return f"{self.fields}:{self.parts}"


def run(run: Run) -> Done:
    """Compares the product with what was written and with M3, and acts on what differs.

    Raises:
        NotYetError: A change of the item that a lost worker sent may still arrive in M3.
        NeedsPersonError: M3 has no such item any more, or took the change and shows something else.
        M3RejectedError: M3 refused the change.
    """
    if run.store.config.publish.products is None:
        return Done("the store does not carry changes of products")
    known = find_product(run.journal.connection, run.store.name, product_id=int(run.claim.business_key))
    if known is None:
        return Done("the product is no item of M3 that is known")
    _wait_for_lost(run)
    row = _newest(run)
    if row is None or row.get("status") == TRASH:
        if run.store.config.publish.items is not None:
            _look_again(run, known, {ITEMS: ["status"]})
        return Done("the product was deleted in the shop")
    seen = _Fingerprint.read(run.claim.fingerprint)
    put_back = changed_here(row, known, run.store.config.publish, parts_before=seen.parts)
    if put_back:
        _look_again(run, known, put_back)
    carried, digest = _carry(run, known, row, seen.fields)
    fingerprint = _Fingerprint(digest, fingerprint_of_parts(row, run.store.config.publish))
    told = "; ".join([*carried, *(f"M3 is the master of {', '.join(names)}" for names in put_back.values())])
    return Done(told or "nothing that is carried has changed", fingerprint=str(fingerprint))


def _newest(run: Run) -> JSONDict | None:
    """Returns the product as the shop told it last, or as it shows it now where that may be wrong; None if it is gone."""
    if run.claim.body is not None and is_believed(run.claim):
        row: JSONDict = read_json(run.claim.body)
        return row
    run.journal.pause()
    return run.store.shop.products.get(int(run.claim.business_key))


def _carry(run: Run, known: KnownProduct, row: JSONDict, seen: str) -> tuple[list[str], str]:
    """Writes to M3 what the shop is the master of and M3 has otherwise; returns what was written, and the digest."""
    mapped = map_product(run.store, known, row)
    digest = hashlib.sha256(json.dumps(mapped.fields, sort_keys=True).encode()).hexdigest()
    if digest == seen and run.claim.live_document is None and not run.claim.is_replay:
        return [], digest
    wanted = wanted_of(mapped)
    held = _read(run, known, wanted) if wanted else {}
    differing = {name: value for name, value in wanted.items() if not same(value, held.get(name, ""))}
    document = run.claim.live_document
    if differing:
        tenure.require(run)
        document = document or _begin(run, known)
        _write(run, document, known, differing, before=held, mapped=mapped)
    if document is not None:
        run.journal.forget_document(document.id)
    return [f"{', '.join(sorted(differing))} of item {known.item_number} written"] if differing else [], digest


def _read(run: Run, known: KnownProduct, names: dict[str, str]) -> dict[str, str]:
    run.journal.pause()
    return read_item(run.store, known, names)


def _begin(run: Run, known: KnownProduct) -> DocumentRecord:
    return run.journal.begin_document(
        KIND, m3_scope=run.store.m3_scope, references=References(), plan={"item": known.item_number}
    )


def _write(
    run: Run,
    document: DocumentRecord,
    known: KnownProduct,
    differing: dict[str, str],
    *,
    before: dict[str, str],
    mapped: Mapped,
) -> None:
    """MMS200MI/UpdItmBasic with what differs, then read back.

    Raises:
        OutcomeUnknownError: The next run looks first, when the change can arrive no more.
        NeedsPersonError: M3 took it and shows something else.
    """
    fields = {item_changes.ITEM: known.item_number, **differing}
    call = item_changes.update_basic(fields)
    told = TrailLine(
        action=run.store.m3.name_of(call),
        system="m3",
        key=known.item_number,
        before={name: before.get(name, "") for name in differing},
        after=differing,
        why="; ".join(f"{note.field}: {note.what}" for note in mapped.notes),
    )
    intent = run.journal.intend(document.id, UPDATE, request=fields, told=[told], part=None)
    answer = run.journal.send(intent, lambda: run.store.m3.write([call])[0])
    if answer.error is not None:
        run.journal.mark(intent, StepState.REFUSED, {"code": answer.error.code})
        raise answer.error
    run.journal.mark(intent, StepState.DONE, {})
    run.journal.tell([told])
    held = _read(run, known, differing)
    ignored = sorted(name for name, value in differing.items() if not same(value, held.get(name, "")))
    if ignored:
        raise NeedsPersonError(
            f"M3 took the change of item {known.item_number} but still shows another value in {', '.join(ignored)}.",
            resolution="Look at the item in MMS001: the field may be locked there. Else take it out of "
            "config/mappings/products_to_m3.yaml or give it to M3 under publish.items.owners.",
        )


def _wait_for_lost(run: Run) -> None:
    """Waits until a change whose answer was not seen can arrive no more: late, it would undo a newer one.

    Raises:
        NotYetError: The settle time since it was intended is not over.
    """
    document = run.claim.live_document
    lost = [step for step in document.steps if step.is_open] if document else []
    ends = max((step.intended_at + timedelta(seconds=run.store.settle_s) for step in lost), default=None)
    if ends is not None and run.claim.now < ends:
        raise NotYetError(
            "A change of the item was begun by a run that was cut off; it may still arrive in M3.",
            retry_after_s=(ends - run.claim.now).total_seconds(),
            resolution="Nothing to do: the item is read after the settle time.",
        )


def _look_again(run: Run, known: KnownProduct, changed: dict[str, list[str]]) -> None:
    """Lets the flows that own the changed fields write them again, or tells people, as the store says."""
    publishing = run.store.config.publish
    if publishing.products is None or publishing.products.m3_owned is ChangedInShop.PUT_BACK:
        for flow in changed:
            item = [known.item_number]
            run.messages.extend(mark_due(run.journal.connection, run.store.name, flow=flow, item_numbers=item))
        return
    for flow, names in changed.items():
        told = Result(
            item_number=known.item_number,
            rev=0,
            code=CHANGED,
            problem=f"In the shop {', '.join(names)} of item {known.item_number} (product {run.claim.business_key}) was "
            "changed, but M3 is its master. It was left as it is.",
            remedy=f"Write M3's value: connector sync {flow} --ids {known.item_number}. Or give the field to the shop under "
            "publish.items.owners of the store file.",
        )
        run.journal.stage(SETTLE_OFFERS, **settled(run.store.name, flow=flow, results=[told]))
