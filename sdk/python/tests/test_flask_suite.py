"""Flask-SocketIO's own tests, which its source distribution has, through the kit; and what they have found."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import APPS, HERE

SUITE = Path(os.environ.get("SIOHUB_FLASK_SOCKETIO", "/nonexistent")) / "test_socketio.py"


@pytest.mark.skipif(not SUITE.exists(), reason="SIOHUB_FLASK_SOCKETIO has no test_socketio.py of Flask-SocketIO")
def test_the_suite_of_flask_socketio(tmp_path: Path) -> None:
    (tmp_path / SUITE.name).write_text(SUITE.read_text())
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "alias", "-p", "no:cacheprovider", SUITE.name],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": os.pathsep.join([str(APPS), str(HERE.parent / "src")])},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
    assert " passed" in done.stdout and "failed" not in done.stdout


def test_a_test_client_needs_no_server_that_runs() -> None:
    flask, kit = pytest.importorskip("flask"), pytest.importorskip("siohub.flask_socketio")
    app = flask.Flask(__name__)
    socketio = kit.SocketIO(app)

    @socketio.on("echo")
    def echo(value: Any) -> Any:
        return value

    @socketio.on("ask")
    def ask() -> None:
        kit.emit("question", 1, callback=echo)

    client = socketio.test_client(app)
    assert client.is_connected()
    client.emit("ask")
    assert client.get_received() == [{"name": "question", "args": [1], "namespace": "/"}]
    assert client.emit("echo", [1, b"2"], callback=True) == [1, b"2"]
    assert not socketio.test_client(app, namespace="/unknown").is_connected("/unknown")
