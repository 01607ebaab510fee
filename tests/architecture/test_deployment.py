"""The Procfile, the containers and the list of settings say the same, and what they name exists."""

from __future__ import annotations

import importlib
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.broker import QUEUES
from connector.processes import PATIENCE_S, ProcessType, read_procfile
from connector.settings import Settings
from workers.shutdown import GONE_S, LAST_RESORT_S, SOFT_S

ROOT = Path(__file__).parents[2]
PROCESSES = read_procfile(ROOT / "Procfile")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
STORES_OF_DATA = ("postgres", "valkey")
LONG_RUNNING = [one for one in PROCESSES if one.name != "release"]
EXAMPLE = (ROOT / "config" / "env.example").read_text(encoding="utf-8")
DOCUMENTED = set(re.findall(r"^([A-Z_]+)=", EXAMPLE, re.MULTILINE))


def queues_of(process: ProcessType) -> list[str]:
    return process.command[process.command.index("-Q") + 1].split(",") if "-Q" in process.command else []


def by_name(process: ProcessType) -> str:
    return process.name


def test_every_queue_is_served_by_exactly_one_line_of_the_procfile() -> None:
    served = [queue for process in PROCESSES for queue in queues_of(process)]

    assert sorted(served) == sorted(QUEUES)


def test_a_pool_is_named_after_its_queue() -> None:
    for process in PROCESSES:
        for queue in queues_of(process)[:1]:
            assert process.name == f"worker-{queue}"
            assert f"{queue}@%h" in process.command


def test_the_procfile_lists_every_process_type() -> None:
    pools = ("orders", "customers", "catalog", "inventory", "finance", "status", "system", "polls")

    workers = {f"worker-{pool}" for pool in pools}
    assert {one.name for one in PROCESSES} == {"release", "web", "beat", "flower"} | workers


@pytest.mark.parametrize("process", PROCESSES, ids=by_name)
def test_the_command_of_a_line_can_be_found(process: ProcessType) -> None:
    program, *arguments = process.command

    assert shutil.which(program, path=str(Path(sys.executable).parent)), f"{program} is not installed"
    if "-m" in arguments:
        assert importlib.util.find_spec(arguments[arguments.index("-m") + 1])
    for argument in arguments:
        module, colon, _ = argument.removeprefix("python:").partition(":")
        if colon or argument.startswith("python:"):
            assert importlib.util.find_spec(module), f"{module} does not exist"


def test_every_line_of_the_procfile_is_a_service_with_the_same_command() -> None:
    commands = {name: tuple(shlex.split(service["command"])) for name, service in OURS.items()}

    assert commands == {one.name: one.command for one in PROCESSES}


@pytest.mark.parametrize("name", [*STORES_OF_DATA, *(one.name for one in LONG_RUNNING)])
def test_every_running_service_has_a_health_check_limits_and_is_restarted(name: str) -> None:
    service = SERVICES[name]

    assert service["healthcheck"]["test"]
    assert {"cpus", "memory"} <= service["deploy"]["resources"]["limits"].keys()
    assert service["restart"] == "unless-stopped"


def test_the_health_check_of_a_pool_asks_the_pool_itself() -> None:
    for process in PROCESSES:
        for queue in queues_of(process)[:1]:
            assert f"-d {queue}@" in SERVICES[process.name]["healthcheck"]["test"][1]


@pytest.mark.parametrize("name", OURS)
def test_our_containers_have_no_rights_they_do_not_need(name: str) -> None:
    service = OURS[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_containers_get_longer_to_stop_than_our_processes_take() -> None:
    for service in OURS.values():
        assert int(service["stop_grace_period"].removesuffix("s")) > PATIENCE_S


def test_a_pool_has_ended_by_itself_before_it_would_be_killed() -> None:
    assert SOFT_S < LAST_RESORT_S < LAST_RESORT_S + GONE_S < PATIENCE_S


def test_migrations_run_before_everything_else_and_after_the_database() -> None:
    for process in LONG_RUNNING:
        assert OURS[process.name]["depends_on"]["release"] == {"condition": "service_completed_successfully"}
    assert OURS["release"]["depends_on"]["postgres"] == {"condition": "service_healthy"}


@pytest.mark.parametrize("name", STORES_OF_DATA)
def test_images_of_others_are_pinned_to_a_version(name: str) -> None:
    assert re.fullmatch(r"[a-z/]+:\d+\.\d+(\.\d+)?(-[a-z]+)?", SERVICES[name]["image"])


def test_the_broker_never_drops_a_message_to_make_room() -> None:
    assert "--maxmemory-policy noeviction" in SERVICES["valkey"]["command"]


def test_flower_is_published_on_loopback_only_and_asks_for_a_password() -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["flower"]["ports"])
    assert "?" in SERVICES["flower"]["environment"]["FLOWER_BASIC_AUTH"], "compose must refuse to start without it"


def test_no_secret_is_written_in_the_file() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|AUTH|DATABASE_URL", name):
                assert re.search(r"\$\{\w+:\?", value), f"{name} must come from outside and be required"


def test_every_setting_is_explained_in_the_example() -> None:
    assert {field.alias for field in Settings.model_fields.values()} <= DOCUMENTED


def test_containers_set_only_variables_that_are_explained() -> None:
    for service in OURS.values():
        assert set(service["environment"]) <= DOCUMENTED


def test_the_example_can_be_used_as_it_is() -> None:
    values = dict(line.split("=", 1) for line in EXAMPLE.splitlines() if "=" in line and not line.startswith("#"))

    settings = Settings.model_validate({name: value for name, value in values.items() if value})

    assert settings.port == 8080
    assert settings.database_url.startswith("postgresql+psycopg2://")


def test_the_image_installs_the_pinned_versions_and_runs_as_nobody_special() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")

    assert "-c requirements.lock" in dockerfile
    assert re.search(r"^USER \d{4,}$", dockerfile, re.MULTILINE)
    assert re.search(r"^FROM python:3\.1[1-9]", dockerfile, re.MULTILINE)
    for folder in re.findall(r"^COPY (\w+) \./", dockerfile, re.MULTILINE):
        assert (ROOT / folder).is_dir()
