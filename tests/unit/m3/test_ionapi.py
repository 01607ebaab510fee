"""The .ionapi file: every key checked, secrets hidden."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connector.errors import ConfigurationError
from connector.m3.ionapi import Grant, parse_ionapi

PUBLISHED = Path(__file__).parents[2] / "fixtures" / "m3_examples" / "ionapi-file.json"


def text(*without: str, **changed: str) -> str:
    file = json.loads(PUBLISHED.read_text("utf-8"))["file"]
    return json.dumps({key: value for key, value in {**file, **changed}.items() if key not in without})


def test_the_published_file_gives_both_addresses() -> None:
    ionapi = parse_ionapi(text())

    assert ionapi.token_url == "https://mingle-sso.eu1.example.com:443/ACME_TST/as/token.oauth2"
    assert ionapi.execute_url("M3/m3api-rest/v2/execute") == (
        "https://mingle-ionapi.eu1.example.com/ACME_TST/M3/m3api-rest/v2/execute"
    )


def test_its_secrets_do_not_show() -> None:
    ionapi = parse_ionapi(text())

    shown = f"{ionapi!r} {ionapi} {ionapi.client_key(Grant.PASSWORD)}"

    assert "made-up" not in shown


def test_a_byte_order_mark_does_no_harm() -> None:
    assert parse_ionapi("\ufeff" + text()).ti == "ACME_TST"


@pytest.mark.parametrize("missing", [("saak",), ("sask",), ("saak", "sask")])
def test_a_file_without_service_account_is_refused_with_what_to_do_in_infor(missing: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_ionapi(text(*missing))

    assert all(key in refused.value.message for key in missing)
    assert "Backend Service" in refused.value.resolution
    assert "Create Service Account" in refused.value.resolution


def test_a_client_credentials_file_needs_no_service_account() -> None:
    ionapi = parse_ionapi(text("saak", "sask", "oa", "or", "ev", "v", "dt"), grant="client_credentials")

    assert ionapi.saak is None


def test_a_client_credentials_file_without_gateway_and_tenant_is_refused_with_what_to_add() -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_ionapi(text("saak", "sask", "iu", "ti"), grant="client_credentials")

    assert refused.value.message == "The .ionapi file has no iu and no ti."
    assert "by hand" in refused.value.resolution


@pytest.mark.parametrize("key", ["ci", "cs", "pu", "ot", "iu", "ti"])
def test_each_missing_key_is_named(key: str) -> None:
    with pytest.raises(ConfigurationError, match=f"has no {key}"):
        parse_ionapi(text(key))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"pu": "https://sso.example.com/ACME_TST/as"}, "pu: .*must end with /"),
        ({"pu": "http://sso.example.com/as/"}, "pu: .*no https address"),
        ({"iu": "mingle-ionapi.eu1.example.com"}, "iu: .*no https address"),
        ({"cs": "  "}, "cs: .*is empty"),
    ],
)
def test_a_wrong_value_is_named_and_not_shown(changed: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as refused:
        parse_ionapi(text(**changed))

    assert "example.com" not in refused.value.message


@pytest.mark.parametrize("host", ["127.0.0.1:8092", "localhost:8092", "sandbox:8092"])
def test_plain_http_is_allowed_on_this_machine_and_in_a_container_network_only(host: str) -> None:
    ionapi = parse_ionapi(text(iu=f"http://{host}", pu=f"http://{host}/ACME_TST/as/"))

    assert ionapi.iu == f"http://{host}"


@pytest.mark.parametrize("content", ["", "{", "[]", '"x"'])
def test_what_is_no_json_object_is_refused(content: str) -> None:
    with pytest.raises(ConfigurationError, match="is not"):
        parse_ionapi(content)


def test_tokens_of_two_clients_are_kept_apart() -> None:
    keys = {
        parse_ionapi(text()).client_key(Grant.PASSWORD),
        parse_ionapi(text()).client_key(Grant.CLIENT_CREDENTIALS),
        parse_ionapi(text(ci="ACME_TST~other")).client_key(Grant.PASSWORD),
    }

    assert len(keys) == 3
