"""Whole applications that know nothing of hubs, with their own pages in a real browser. They pin many packages, so each
is in an environment of its own, of which a variable has the interpreter."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from conftest import APPS
from proxied import missing, use

CHAINLIT = os.environ.get("SIOHUB_CHAINLIT", "")  # pip install chainlit grpcio protobuf
TAIPY = os.environ.get("SIOHUB_TAIPY", "")  # pip install taipy-gui flask==3.1.2 grpcio protobuf
MISSING = missing()
needs_all = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")


@needs_all
@pytest.mark.skipif(not CHAINLIT, reason="SIOHUB_CHAINLIT is no Python that has chainlit")
def test_a_chat_of_chainlit(spawn: Any, tmp_path: Path) -> None:
    main = str(APPS / "chainlit_app.py")
    app = ["run_moved.py", "-m", "chainlit", "run", main, "--headless", "--port"]
    browser = [str(APPS / "chainlit.mjs")]
    use(spawn, tmp_path, app, browser, "/ws/socket.io/", python=CHAINLIT, CHAINLIT_APP_ROOT=str(tmp_path))


@needs_all
@pytest.mark.skipif(not TAIPY, reason="SIOHUB_TAIPY is no Python that has taipy-gui")
def test_a_page_of_taipy(spawn: Any, tmp_path: Path) -> None:
    app = ["run_moved.py", str(APPS / "taipy_app.py")]
    use(spawn, tmp_path, app, [str(APPS / "taipy.mjs")], "/socket.io/", python=TAIPY)
