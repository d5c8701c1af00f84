"""A whole application that knows nothing of hubs: Chainlit's server and pages, in a real browser."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from conftest import APPS
from proxied import missing, use

# It pins many packages, so it is in an environment of its own: pip install chainlit grpcio protobuf
PYTHON = os.environ.get("SIOHUB_CHAINLIT", "")
MISSING = missing() + ([] if PYTHON else ["SIOHUB_CHAINLIT, a Python that has chainlit"])


@pytest.mark.skipif(bool(MISSING), reason=f"not there: {', '.join(MISSING)}")
def test_a_chat_of_chainlit(spawn: Any, tmp_path: Path) -> None:
    main = str(APPS / "chainlit_app.py")
    app = ["run_moved.py", "-m", "chainlit", "run", main, "--headless", "--port"]
    browser = [str(APPS / "chainlit.mjs")]
    use(spawn, tmp_path, app, browser, "/ws/socket.io/", python=PYTHON, CHAINLIT_APP_ROOT=str(tmp_path))
