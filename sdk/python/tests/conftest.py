"""A real hub and real processes for the tests. The hub's binary is $SIOHUB_HUB_BINARY, or
bin/hub of the repository (make build)."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
APPS = HERE / "apps"
PATIENCE = 30.0  # seconds: generous, because other things run on the machine


def hub_binary() -> str:
    for path in (os.environ.get("SIOHUB_HUB_BINARY"), HERE.parents[2] / "bin" / "hub"):
        if path and Path(path).exists():
            return str(path)
    pytest.exit("no hub: `make build` in the repository, or set SIOHUB_HUB_BINARY", 2)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def wait_for(condition: Callable[[], object], what: str = "condition", patience: float = PATIENCE) -> None:
    until = time.monotonic() + patience
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(f"{what}: not within {patience} s")
        time.sleep(0.02)


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Process:
    """A program that runs; its output is in a file."""

    def __init__(self, command: list[str], log: Path, env: dict[str, str] | None = None, cwd: Path = HERE) -> None:
        self.log = log
        self._file = log.open("ab")
        self.popen = subprocess.Popen(
            command, stdout=self._file, stderr=subprocess.STDOUT, env=os.environ if env is None else env, cwd=cwd,
            start_new_session=True,
        )  # fmt: skip

    @property
    def text(self) -> str:
        return self.log.read_text(errors="replace")

    def kill(self) -> None:
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait()

    def terminate(self, patience: float = PATIENCE) -> int:
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(patience)

    def close(self) -> None:
        """Ends it, and what it has started."""
        self.kill()
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._file.close()


class Hub(Process):
    """A hub on ports of its own."""

    def __init__(self, log: Path, *args: str, ports: tuple[int, int, int] | None = None) -> None:
        self.args = args
        self.browsers, self.control, self.admin = ports or (free_port(), free_port(), free_port())
        super().__init__(
            [
                hub_binary(), "serve", "--listen", f"127.0.0.1:{self.browsers}",
                "--control-listen", f"127.0.0.1:{self.control}", "--admin-listen", f"127.0.0.1:{self.admin}", *args,
            ],
            log,
            {k: v for k, v in os.environ.items() if not k.startswith("HUB_")},  # it refuses what is no option of its own
        )  # fmt: skip
        wait_for(self._is_there, "the hub")

    def _is_there(self) -> bool:
        assert self.popen.poll() is None, self.text[-2000:]
        return is_open(self.browsers) and is_open(self.control)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.browsers}"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.control}"

    def again(self) -> Hub:
        """Another process at the same addresses."""
        return Hub(self.log, *self.args, ports=(self.browsers, self.control, self.admin))


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    h = Hub(tmp_path / "hub.log")
    yield h
    h.close()


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Starts an application of tests/apps, which is killed at the end."""
    started: list[Process] = []

    def start(name: str, *args: str, python: str = sys.executable, **env: str) -> Process:
        log = tmp_path / f"{name}-{len(started)}.log"
        path = os.pathsep.join([str(HERE.parent / "src"), os.environ.get("PYTHONPATH", "")])
        process = Process([python, "-W", "ignore", str(APPS / name), *args], log,
                          {**os.environ, "PYTHONPATH": path, "SIOHUB_LOG": "INFO", **env})  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.close()
        if os.environ.get("SHOW_LOGS"):
            print(f"--- {process.log.name}\n{process.text}")
