"""gunicorn's settings for the receiver: `gunicorn -c python:webhook_receiver.gunicorn_conf webhook_receiver.wsgi:app`.

Every value has its reason. The address can be changed by GUNICORN_CMD_ARGS, such as `--bind 127.0.0.1:8080`.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from connector.logs import configure_logs
from connector.settings import environment, read_settings
from webhook_receiver.server import ReceiverLog, ReceiverWorker

_SETTINGS = read_settings()
_COUNTERS = tempfile.mkdtemp(prefix="connector-metrics-")
_MEMORY = Path("/dev/shm")  # noqa: S108 - only gunicorn's heartbeat files, made by mkstemp

configure_logs(_SETTINGS.log_level)

bind = f"0.0.0.0:{_SETTINGS.port}"
# One process computes, two keep the second core busy; more only with more cores (WEB_CONCURRENCY).
workers = int(environment().get("WEB_CONCURRENCY") or 2)
worker_class = ReceiverWorker
threads = 6  # requests wait for the database, not for the processor; the ledger's pool has as many connections
preload_app = False  # connections and the publisher's thread must be made after the fork
timeout = 30  # a process that gives no sign of life for so long is replaced
graceful_timeout = 20  # platforms kill 30 s after SIGTERM, `connector up` after 25 s
keepalive = 5
max_requests = 50_000  # bounds a leak nobody knows of
max_requests_jitter = 5_000
limit_request_line = 1024  # our addresses are short
limit_request_fields = 50
limit_request_field_size = 8190
backlog = 512
accesslog = None  # addresses of visitors are personal data; what happened is in the ledger and in /metrics
logger_class = ReceiverLog
control_socket_disable = True  # nobody uses it, so nobody shall reach it
worker_tmp_dir = str(_MEMORY) if _MEMORY.is_dir() else None  # a slow disk must not look like a dead process
# The processes' counters are added up there. prometheus_client looks at this once, when it is imported: so not here.
raw_env = [f"PROMETHEUS_MULTIPROC_DIR={_COUNTERS}"]


def on_exit(_server: Any) -> None:
    """Removes the counters with the server they belong to."""
    shutil.rmtree(_COUNTERS, ignore_errors=True)
