"""The supervisor over real processes: names, restarts, order of stopping."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from connector import processes
from connector.errors import ConfigurationError
from connector.ports import free_port, is_free
from connector.processes import ProcessType, Supervisor, read_procfile
from connector.settings import environment
from connector.up import release, run_all, servers
from tests.harness import ROOT


class Lines:
    """What the processes wrote."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def __call__(self, name: str, line: str) -> None:
        self.seen.append((name, line))

    def of(self, name: str) -> list[str]:
        return [line for one, line in self.seen if one == name]


def python(name: str, code: str) -> ProcessType:
    return ProcessType(name, (sys.executable, "-u", "-c", code))


def until(condition: Callable[[], bool], supervisor: Supervisor, *, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        supervisor.tick()


def supervisor_of(*types: ProcessType) -> tuple[Supervisor, Lines]:
    lines = Lines()
    return Supervisor(types, environment=environment(), output=lines), lines


def test_every_line_of_output_carries_the_name_of_its_process() -> None:
    supervisor, lines = supervisor_of(
        python("web", "print('a'); print('b'); import time; time.sleep(60)"),
        python("beat", "import sys, time; sys.stderr.write('tick\\n'); time.sleep(60)"),
    )

    until(lambda: len(lines.seen) == 3, supervisor)
    supervisor.stop(patience_s=5)

    assert lines.of("web") == ["a", "b"]
    assert lines.of("beat") == ["tick"]


def test_a_process_that_dies_is_started_again_after_a_growing_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "FIRST_PAUSE_S", 0.05)
    supervisor, lines = supervisor_of(python("web", "print('up'); raise SystemExit(3)"))
    supervisor._children[0].pause_s = 0.05

    until(lambda: len(lines.of("web")) == 3, supervisor)
    supervisor.stop(patience_s=5)

    assert supervisor._children[0].pause_s >= 0.2


def test_a_killed_process_is_replaced_and_the_others_go_on() -> None:
    sleep = "print('up'); import time; time.sleep(60)"
    supervisor, lines = supervisor_of(python("web", sleep), python("beat", sleep))
    until(lambda: len(lines.seen) == 2, supervisor)
    first = supervisor.pids()

    os.kill(first["web"], signal.SIGKILL)
    until(lambda: len(lines.of("web")) == 2, supervisor)
    now = supervisor.pids()
    supervisor.stop(patience_s=5)

    assert now["web"] != first["web"]
    assert now["beat"] == first["beat"]


def test_stopping_lets_a_process_finish_and_shows_its_last_words() -> None:
    code = (
        "import signal, sys, time\n"
        "def end(*_): print('closing'); time.sleep(0.2); print('closed'); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end); print('up'); time.sleep(60)"
    )
    supervisor, lines = supervisor_of(python("web", code))
    until(lambda: lines.of("web") == ["up"], supervisor)

    supervisor.stop(patience_s=60)

    assert lines.of("web") == ["up", "closing", "closed"]
    assert supervisor.pids() == {}


def test_a_process_that_will_not_stop_is_killed_with_its_children() -> None:
    code = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid); time.sleep(60)"
    )
    supervisor, lines = supervisor_of(python("web", code))
    until(lambda: len(lines.of("web")) == 1, supervisor)

    supervisor.stop(patience_s=0.3)

    status = Path(f"/proc/{lines.of('web')[0]}/stat")
    deadline = time.monotonic() + 60
    while status.exists() and " Z " not in status.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not status.exists() or " Z " in status.read_text()


def test_sigterm_to_the_supervisor_stops_everything() -> None:
    supervisor, lines = supervisor_of(python("web", "import os; print(os.getppid()); import time; time.sleep(60)"))

    def tell_parent(name: str, line: str) -> None:
        lines(name, line)
        os.kill(os.getpid(), signal.SIGTERM)

    supervisor._output = tell_parent
    supervisor.run()

    assert lines.of("web") == [str(os.getpid())]
    assert supervisor.pids() == {}


def test_a_program_that_does_not_exist_is_tried_again_and_holds_nothing_up() -> None:
    supervisor, lines = supervisor_of(ProcessType("web", ("no-such-program",)), python("beat", "print('up')"))

    until(lambda: lines.of("beat") == ["up"], supervisor)
    supervisor.stop(patience_s=5)

    assert "web" not in supervisor.pids()


def test_the_procfile_is_read_with_quotes_and_without_comments(tmp_path: Path) -> None:
    procfile = tmp_path / "Procfile"
    procfile.write_text("# pools\n\nrelease: connector migrate\nweb: gunicorn -c 'a b.py' app\n")

    assert read_procfile(procfile) == [
        ProcessType("release", ("connector", "migrate")),
        ProcessType("web", ("gunicorn", "-c", "a b.py", "app")),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("web gunicorn\n", "line 1"),
        ("web: gunicorn\nweb: other\n", "line 2: web is there twice"),
        ("web: gunicorn 'a\n", "line 1: No closing quotation"),
    ],
)
def test_a_broken_procfile_names_the_line(tmp_path: Path, text: str, said: str) -> None:
    procfile = tmp_path / "Procfile"
    procfile.write_text(text)

    with pytest.raises(ConfigurationError, match=said):
        read_procfile(procfile)


def test_a_failed_release_step_keeps_everything_else_from_starting(tmp_path: Path) -> None:
    procfile = tmp_path / "Procfile"
    marker = tmp_path / "started"
    procfile.write_text(
        f"release: {sys.executable} -c \"raise SystemExit(4)\"\nweb: {sys.executable} -c \"open('{marker}', 'w')\"\n"
    )
    complete = {**environment(), "DATABASE_URL": "postgresql://unused", "REDIS_URL": "redis://unused"}

    assert run_all(procfile, {**complete, "PORT": str(free_port())}, home=tmp_path) == 4
    assert not marker.exists()


@pytest.mark.parametrize(("process", "setting"), [("web", "PORT"), ("flower", "FLOWER_PORT")])
def test_a_port_in_use_is_told_before_anything_starts(tmp_path: Path, process: str, setting: str) -> None:
    procfile = tmp_path / "Procfile"
    procfile.write_text(f"{process}: {sys.executable} --version\n")
    home = tmp_path / "home"

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with pytest.raises(ConfigurationError) as refused:
            run_all(procfile, {**environment(), setting: port}, home=home)

    assert f"Port {port}" in refused.value.message
    assert f"set {setting} to another port" in refused.value.resolution
    assert not home.exists()


@pytest.mark.parametrize("given", ["--bind 127.0.0.1:9000", "--workers 1 --bind=unix:/run/web", "-b 127.0.0.1:9000"])
def test_the_port_is_nothing_to_a_receiver_that_is_told_to_listen_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], given: str
) -> None:
    procfile = tmp_path / "Procfile"
    procfile.write_text(f"web: {sys.executable} -c 'import os; os.kill(os.getppid(), 15)'\n")

    with socket.create_server(("127.0.0.1", 0)) as taken:
        named = {"DATABASE_URL": "postgresql://mine", "REDIS_URL": "redis://mine", "GUNICORN_CMD_ARGS": given}
        port = str(taken.getsockname()[1])
        assert run_all(procfile, {**environment(), **named, "PORT": port}, home=tmp_path) == 0

    said = capsys.readouterr().out
    assert "Ctrl-C ends it" in said and "The receiver is at" not in said


@pytest.mark.parametrize("given", ["--backlog 5", "--name shop-b", "--worker-tmp-dir /tmp/a-b"])
def test_other_arguments_of_the_receiver_leave_it_on_its_port(tmp_path: Path, given: str) -> None:
    procfile = tmp_path / "Procfile"
    procfile.write_text(f"web: {sys.executable} --version\n")

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with pytest.raises(ConfigurationError, match=f"Port {port}"):
            run_all(procfile, {**environment(), "GUNICORN_CMD_ARGS": given, "PORT": port}, home=tmp_path)


def test_a_port_one_may_not_open_is_not_told_to_be_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: socket.socket, __: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")  # as root, or in a container, nothing is refused

    monkeypatch.setattr(socket.socket, "bind", refuse)

    assert is_free(80)


@pytest.mark.parametrize("port", ["x", "0", "65536", "-1"])
def test_what_is_no_port_is_refused(tmp_path: Path, port: str) -> None:
    procfile = tmp_path / "Procfile"
    procfile.write_text(f"web: {sys.executable} --version\n")

    with pytest.raises(ConfigurationError, match="is no port"):
        run_all(procfile, {**environment(), "PORT": port}, home=tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DATABASE_URL", "mysql://me:word-visible@db/x", "it is not the URL of a PostgreSQL database"),
        ("CONNECTOR_LOG_LEVEL", "LOUD", "there is no such level"),
    ],
)
@pytest.mark.parametrize("process", ["worker", "beat"])
def test_a_worker_whose_settings_are_wrong_says_what_to_do_and_shows_no_traceback(
    process: str, name: str, value: str, words: str
) -> None:
    wrong = {**environment(), "DATABASE_URL": "postgresql://db/x", "REDIS_URL": "redis://broker/0", name: value}
    command = [str(Path(sys.executable).with_name("celery")), "-A", "workers.app:app", process]

    done = subprocess.run(command, cwd=ROOT, env=wrong, capture_output=True, text=True)

    assert done.returncode == 1
    assert f"{name}: {words}" in done.stderr
    assert "What to do: " in done.stderr
    assert "Traceback" not in done.stderr and "word-visible" not in done.stderr


def test_the_release_step_shows_its_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert release([python("release", "print('migrated')")], environment()) == 0

    assert "release           | migrated" in capsys.readouterr().out


def test_servers_that_are_named_are_not_started(tmp_path: Path) -> None:
    named = {"DATABASE_URL": "postgresql://mine", "REDIS_URL_FILE": "/run/secrets/redis"}

    with servers(named, home=tmp_path) as complete:
        assert complete["DATABASE_URL"] == "postgresql://mine"
        assert "REDIS_URL" not in complete

    assert list(tmp_path.iterdir()) == []


def test_a_missing_server_is_started_and_stopped(tmp_path: Path) -> None:
    with servers({"DATABASE_URL": "postgresql://mine"}, home=tmp_path) as complete:
        assert complete["REDIS_URL"].startswith("redis://:")
        assert complete["REMAP_SIGTERM"] == "SIGQUIT"

    assert (tmp_path / "valkey").is_dir()
