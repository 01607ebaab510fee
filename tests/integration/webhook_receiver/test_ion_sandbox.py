"""What the sandbox's M3 sends by itself when items, balances and prices change: over HTTP, doubled, lost and out of order."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import pytest
from werkzeug.serving import make_server

from tests.harness import Sandbox
from tests.integration.webhook_receiver.ion_sender import API_KEY, BASIC, STORE, IonReceiver
from tests.integration.webhook_receiver.serving import until

ITEM = "BASIC-01"
CHANGES = 12


@pytest.fixture
def address(ion: IonReceiver) -> Iterator[str]:
    """Where the receiver listens."""
    server = make_server("127.0.0.1", 0, ion.app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def listen(sandbox: Sandbox, address: str, **settings: object) -> None:
    user, _, password = BASIC.partition(":")
    sandbox.post(
        f"{sandbox.m3_url}/_control/events",
        {
            "bod_url": f"{address}/ion/{STORE}/ims",
            "event_url": f"{address}/m3-events/{STORE}",
            "basic": [user, password],
            "seed": 1,
            **settings,
        },
    )


def change(sandbox: Sandbox, number: str, **facts: object) -> None:
    sandbox.post(f"{sandbox.m3_url}/_control/items", [{"itno": number, "name": "A name", **facts}])


def test_a_new_item_its_price_and_its_balance_are_told_by_both_ways(
    ion: IonReceiver, sandbox: Sandbox, address: str
) -> None:
    listen(sandbox, address)

    change(sandbox, ITEM, list_price="12.50", on_hand="7")

    wanted = {(flow, ITEM) for flow in ("items_to_woo", "prices_to_woo", "stock_to_woo")}
    until(lambda: wanted <= ion.due())
    sources = {row.source for row in ion.rows("SELECT DISTINCT source FROM delivery")}
    assert sources == {"ion", "m3_event"}
    assert ion.dead_letters() == []
    assert not [note for note in ion.notes() if note.startswith("Nothing listens")]


def test_doubled_and_out_of_order_the_newest_version_is_kept_and_nothing_is_a_dead_letter(
    ion: IonReceiver, sandbox: Sandbox, address: str
) -> None:
    listen(
        sandbox,
        address,
        api_key=["X-API-Key", API_KEY],
        basic=None,
        double=0.5,
        reorder=0.5,
        parallel=3,
        event_url="",
    )

    for number in range(CHANGES):
        change(sandbox, ITEM, on_hand=str(number), name=f"Name {number}", list_price=f"{number + 1}.00")

    until(lambda: sandbox.get(f"{sandbox.m3_url}/_control/events")["waiting"] == 0)
    (mark,) = ion.rows("SELECT max(variation_id) AS v FROM watermark WHERE noun = 'ItemMaster'")
    came = ion.rows("SELECT (headers->>'variationId')::bigint AS v FROM delivery WHERE topic = 'Sync.ItemMaster'")
    assert len(came) > CHANGES, "some came twice"
    assert mark.v == max(row.v for row in came)
    assert "taken before" in " ".join(ion.notes())
    assert ion.dead_letters() == []
