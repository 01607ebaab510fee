"""`connector status`: what runs, what waits and why, on one page."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

import typer

from connector.cli.opening import open_ledger_only
from connector.cli.output import ago, print_json, print_table, say, shown
from connector.ledger.overview import ACTIVE_WORKER_MIN, Overview, PollRow, read_overview
from connector.ledger.session import transaction
from connector.ledger.tables import State

app = typer.Typer()


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show what runs, what waits and why; status 1 if a person has to act."""
    with open_ledger_only() as engine, transaction(engine) as connection:
        overview = read_overview(connection)
    if as_json:
        print_json(overview)
    else:
        _print(overview)
    raise typer.Exit(0 if is_well(overview) else 1)


def is_well(overview: Overview) -> bool:
    """Tells whether nobody has to act: a store is set up, no dead letter, no store or flow that stands still, no item that
    cannot be carried, no poll or pull that goes on failing."""
    return not (
        not overview.stores
        or overview.dead_letters
        or overview.paused
        or overview.paused_flows
        or _items_in_trouble(overview)
        or _jobs_go_on_failing(overview)
    )


def _items_in_trouble(overview: Overview) -> bool:
    return any(one.problems for one in overview.items)


def _jobs_go_on_failing(overview: Overview) -> bool:
    return any(one.is_lasting for one in overview.troubles)


def _print(overview: Overview) -> None:
    _print_pools(overview)
    _print_states(overview)
    _print_items(overview)
    _print_people(overview)
    _print_troubles(overview)
    _print_reconciled(overview)
    if overview.polls:
        say("")
        print_table(
            ("Store", "Poll", "Read up to", "Last moved", "Under way"),
            (
                (one.store, one.name, read_up_to(one.value), f"{ago(one.age_s)} ago", _under_way(one))
                for one in overview.polls
            ),
            title="Polls",
        )
    if overview.jobs:
        say("")
        print_table(
            ("Periodic job", "Last done"),
            ((one.job, f"{ago(one.age_s)} ago") for one in overview.jobs),
            title="Periodic jobs",
        )
    say("")
    say("All is well." if is_well(overview) else _what_to_do(overview))


def _under_way(poll: PollRow) -> str:
    if poll.under_way_since is None:
        return ""
    return f"since {shown(poll.under_way_since)} UTC, up to id {poll.at_id}"


def read_up_to(value: str) -> str:
    """Returns the place of a poll as people read it: times in UTC, days; what is neither (an id) as it is.

    Args:
        value: As the cursor keeps it: a time of ISO 8601 (UTC where it names no zone), a day of ISO 8601 (of rates),
            M3's milliseconds since 1970 (LMTS), or M3's day (LMDT).
    """
    if re.fullmatch(r"\d{13}", value):
        return f"{shown(datetime.fromtimestamp(int(value) // 1000, tz=UTC))} UTC"
    if re.fullmatch(r"20\d\d(0[1-9]|1[0-2])\d\d", value):
        return f"{value[:4]}-{value[4:6]}-{value[6:]}"
    if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return value
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return value
    return f"{shown(at.astimezone(UTC) if at.tzinfo else at)} UTC"


def _what_to_do(overview: Overview) -> str:
    if not overview.stores:
        return (
            "No store is set up yet, so nothing is carried. `connector store add --help` says what it needs, "
            "config/stores/example.yaml what a store file says; afterwards `connector check` says what to fix."
        )
    shown_above = [
        name
        for name, there in (
            ("dead letters", overview.dead_letters),
            ("paused stores", overview.paused),
            ("paused flows", overview.paused_flows),
            ("failing jobs", _jobs_go_on_failing(overview)),
            ("items with problems (`connector items problems` lists them)", _items_in_trouble(overview)),
        )
        if there
    ]
    return f"A person has to act: see the {' and the '.join(shown_above)} above."


def _print_pools(overview: Overview) -> None:
    if not overview.pools:
        say("Nothing is due, nothing runs.")
        return
    print_table(
        ("Pool", "Due", "Oldest due since", "Running", f"Workers seen in {ACTIVE_WORKER_MIN} min"),
        ((one.pool, one.due, ago(one.oldest_due_s) if one.due else "", one.running, one.workers)
         for one in overview.pools),
        title="Pools",
    )  # fmt: skip


def _print_states(overview: Overview) -> None:
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for one in overview.states:
        counts.setdefault((one.store, one.flow), {})[one.state] = one.count
    if counts:
        say("")
        print_table(
            ("Store", "Flow", *State),
            ((*key, *(by_state.get(state, 0) or "" for state in State)) for key, by_state in counts.items()),
            title="Exchanges",
        )


def _print_items(overview: Overview) -> None:
    if overview.items:
        say("")
        print_table(
            ("Store", "Flow", "Known", "Due", "Oldest due since", "With problems"),
            ((one.store, one.flow, one.known, one.due or "", ago(one.oldest_due_s) if one.due else "", one.problems or "")
             for one in overview.items),
            title="Items",
        )  # fmt: skip


def _print_troubles(overview: Overview) -> None:
    if overview.troubles:
        say("")
        print_table(
            ("Store", "Job", "Fails since (UTC)", "Times", "Tried again at (UTC)", "Why", "What to do"),
            ((one.store or "(all)", one.job, one.since, one.count, one.next_at, f"{one.code}: {one.reason}",
              one.resolution or ("" if one.is_lasting else "Nothing yet: it is tried again by itself."))
             for one in overview.troubles),
            title="Failing jobs",
        )  # fmt: skip


def _print_reconciled(overview: Overview) -> None:
    if overview.reconciled:
        say("")
        print_table(
            ("Store", "Days", "Compared", "Facts", "Equal", "Explained", "Unexplained"),
            ((one.store, f"{one.first} to {one.last}", f"{ago(one.age_s)} ago", one.facts, one.equal,
              one.facts - one.equal - one.unexplained or "", one.unexplained or "")
             for one in overview.reconciled),
            title="Shop and M3's books (`connector reconcile kept`)",
        )  # fmt: skip


def _print_people(overview: Overview) -> None:
    if overview.dead_letters:
        say("")
        print_table(
            ("Store", "Reason", "Count", "For example", "What to do"),
            ((one.store, one.reason_code, one.count, f"{one.example_id}: {one.example_reason}", one.resolution)
             for one in overview.dead_letters),
            title="Dead letters",
        )  # fmt: skip
    for one in overview.paused:
        probe = f" The next try is at {shown(one.probe_at)} UTC." if one.probe_at else ""
        reason = (one.reason or "no reason given").rstrip(".")
        say(f"\nStore {one.store} is paused by {one.paused_by}: {reason}.{probe}")
    for pause in overview.paused_flows:
        say(f"\n{pause.flow} of store {pause.store} stands still since {shown(pause.paused_at)} UTC: {pause.reason}")
        say(f"  {pause.resolution}")
