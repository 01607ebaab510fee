"""Makes sure that no other installation writes for the store. Called by orders_to_m3 before a batch order is begun and before it
is confirmed, and by the other flows before they write to the shop, or to M3 what may not be written twice.

Asked for once a minute, not once an order or batch. See docs/decisions/0007.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NoReturn

from connector.errors import NotTenantError, NotYetError
from connector.flows.context import Run
from connector.ledger import tenure
from connector.ledger.tenure import USABLE_FOR, Tenure
from connector.m3.client import Call
from connector.m3.programs import cusextmi
from connector.m3.rejections import already_exists, is_not_found

AGAIN_S = 300.0


def require(run: Run) -> Tenure | None:
    """Returns what the ledger knows of its right to write for the store, or None if the store keeps none.

    Raises:
        NotTenantError: Another installation writes for it.
        NotYetError: It must be seen first whether another one is at work; or another worker asks M3 just now.
    """
    if not run.store.config.m3.tenure:
        return None
    held = tenure.read_tenure(run.journal.connection, run.store.name)
    if held.is_fresh:
        return held
    _wait_if_contested(run, held)
    if not tenure.begin_look(run.journal.connection, run.store.name):
        if held.is_usable:
            return held
        raise NotYetError(
            f"M3 is or was just asked which installation writes for store {run.store.name}.",
            retry_after_s=held.next_look_in_s,
            resolution="Nothing to do: it is asked again.",
        )
    begun = tenure.read_tenure(run.journal.connection, run.store.name)
    _look(run, begun)
    run.journal.commit()
    return tenure.read_tenure(run.journal.connection, run.store.name)


def _wait_if_contested(run: Run, held: Tenure) -> None:
    if held.contested_at is None:
        return
    over_at = held.contested_at + USABLE_FOR + timedelta(seconds=run.store.settle_s)
    if held.now < over_at:
        raise _seen_soon(run, (over_at - held.now).total_seconds())


def _seen_soon(run: Run, wait_s: float) -> NotYetError:
    return NotYetError(
        f"M3's row of store {run.store.name} was written by another installation, or its ledger is an older copy.",
        retry_after_s=wait_s,
        resolution="Nothing to do: work goes on if no other installation shows itself until then.",
    )


def _look(run: Run, begun: Tenure) -> None:
    """Reads M3's row and writes the next stamp into it where it is ours, or may become ours."""
    store, stamp = run.store.name, begun.next_stamp or ""
    mine = begun.holder(stamp)
    named = _read(run)
    if named is None:
        named = mine if _add(run, store, mine) else _read(run)
    elif named in begun.own_holders and not begun.is_contest_open:
        _write(run, cusextmi.change_tenure(store, holder=mine))
        named = mine
    if named == mine and not begun.is_contest_open:
        tenure.note_held(run.journal.connection, store, stamp=stamp)
        return
    may_contest = begun.contested_at is None or begun.is_contest_open
    if may_contest and (_is_our_name(begun, named) or begun.takes_over):
        _contest(run, begun, named=named or "")
    tenure.note_foreign(run.journal.connection, store, is_lost=_is_our_name(begun, named))
    raise NotTenantError(
        f"Another installation ({named}) writes for store {store}.",
        retry_after_s=AGAIN_S,
        resolution="If that one shall go on, pause the store here. If it is gone for good: "
        f"connector store take-over {store}",
    )


def _contest(run: Run, begun: Tenure, *, named: str) -> NoReturn:
    """Writes our stamp over another one; whoever is at work will see it before we begin."""
    store, stamp = run.store.name, begun.next_stamp or ""
    tenure.open_contest(run.journal.connection, store)
    call = cusextmi.change_tenure(store, holder=begun.holder(stamp))
    after = {"A030": begun.holder(stamp)}
    why = "a person took the store over" if begun.takes_over else "M3 names an older copy of this ledger"
    run.journal.audit(run.store.m3.name_of(call), system="m3", key=store, before={"A030": named}, after=after, why=why)
    run.journal.commit()  # before it is written: else a run that ends here would take the row for its own
    _write(run, call)
    tenure.note_contested(run.journal.connection, store, stamp=stamp)
    raise _seen_soon(run, USABLE_FOR.total_seconds() + run.store.settle_s)


def _is_our_name(begun: Tenure, named: str | None) -> bool:
    return (named or "").startswith(f"{begun.installation}.")


def _add(run: Run, store: str, holder: str) -> bool:
    """Adds the row. Its stamp, renewed each minute from then on, is no news for the audit trail; that it was made is, told before.

    Should this process end between the two, or another installation be first, the line says no more than what was meant.
    """
    call = cusextmi.add_tenure(store, holder=holder)
    run.journal.audit(run.store.m3.name_of(call), system="m3", key=store, after={"A030": holder})
    run.journal.commit()
    return _write(run, call)


def _read(run: Run) -> str | None:
    run.journal.pause()
    answer = run.store.m3.read([cusextmi.read_tenure(run.store.name)])[0]
    return None if is_not_found(answer.error) else cusextmi.holder(answer)


def _write(run: Run, call: Call) -> bool:
    """Sends one change of the row; False if the row exists already. What may have been written is on disk before."""
    run.journal.pause()
    answer = run.store.m3.write([call])[0]
    if already_exists(answer.error):
        return False
    answer.require()
    return True
