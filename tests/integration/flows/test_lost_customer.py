"""An Add of a customer whose answer is lost: one customer, and a ledger that says how it ended."""

from __future__ import annotations

import pytest

from tests.integration.flows.story import Story


@pytest.mark.parametrize("fault", ["drop_before_commit", "drop_after_commit", "late_answer"])
def test_lost_add_of_a_customer_leaves_no_document_open(story: Story, fault: str) -> None:
    story.m3_fault("CRS610MI/Add", fault)
    order = story.place()

    story.go_on_late()

    documents = story.connector.rows("SELECT id, state, final_number FROM document WHERE kind = 'customer'")
    steps = story.connector.rows("SELECT DISTINCT state FROM step WHERE document_id = :id", id=documents[0]["id"])
    (bound,) = story.connector.rows("SELECT m3_key FROM binding WHERE kind = 'customer'")
    assert [(one["state"], one["final_number"]) for one in documents] == [("confirmed", bound["m3_key"])]
    assert {one["state"] for one in steps} <= {"done", "refused"}
    assert story.complaints(order) == []
