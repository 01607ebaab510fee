"""The checker as people and other programs start it."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.harness import ROOT, Sandbox


def run(sandbox: Sandbox, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench.checker", "--shop", sandbox.shop_url, "--m3", sandbox.m3_url, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_empty_books_are_well(sandbox: Sandbox) -> None:
    ended = run(sandbox)

    assert ended.returncode == 0, ended.stderr
    assert "All is well" in ended.stdout


def test_lost_order_is_named_with_its_id_and_ends_with_1(sandbox: Sandbox) -> None:
    order = sandbox.place(kind="guest")

    ended = run(sandbox, "--store", "w1")

    assert ended.returncode == 1
    assert f"lost: order {order['id']}" in ended.stdout


def test_json_holds_every_class_and_the_findings(sandbox: Sandbox) -> None:
    order = sandbox.place(kind="guest")

    verdict = json.loads(run(sandbox, "--json").stdout)

    assert (verdict["well"], verdict["expected"]) == (False, 1)
    assert verdict["problems"]["lost"] == 1
    assert verdict["problems"]["doubled"] == 0
    assert verdict["findings"][0]["order_id"] == order["id"]


def test_poison_and_told_orders_are_given_by_the_caller(sandbox: Sandbox) -> None:
    sandbox.place(kind="unknown_sku")
    told = sandbox.place(kind="guest")

    ended = run(sandbox, "--poison-sku", "BOOK-*", "--told", str(told["id"]))

    assert ended.returncode == 0, ended.stdout


def test_address_where_nobody_answers_ends_with_2_and_says_what_to_do() -> None:
    nowhere = Sandbox("http://127.0.0.1:9", "http://127.0.0.1:9")

    ended = run(nowhere)

    assert ended.returncode == 2
    assert "sandbox printed" in ended.stderr
