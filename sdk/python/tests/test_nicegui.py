"""A real application, unchanged, in a real browser: pages of NiceGUI, and its own examples."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from conftest import APPS
from proxied import missing, use

MISSING = missing("nicegui")
CHECKOUT = Path(os.environ.get("SIOHUB_NICEGUI", "/nonexistent"))
EXAMPLES = [
    "authentication", "chat_app", "custom_vue_component", "download_text_as_file", "editable_table", "global_worker",
    "infinite_scroll", "menu_and_tabs", "progress", "script_executor", "single_page_app", "slideshow", "svg_clock",
    "todo_list",
]  # fmt: skip
PATH = "/_nicegui_ws/socket.io/"
needs_all = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")


@needs_all
def test_pages_of_nicegui(spawn: Any, tmp_path: Path) -> None:
    use(spawn, tmp_path, ["nicegui_app.py"], [str(APPS / "chromium.mjs")], PATH)


@needs_all
@pytest.mark.skipif(not (CHECKOUT / "examples").exists(), reason="SIOHUB_NICEGUI is no checkout of NiceGUI")
@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_of_nicegui(spawn: Any, tmp_path: Path, example: str) -> None:
    main = CHECKOUT / "examples" / example / "main.py"
    app, browser = ["nicegui_example.py", str(main)], [str(APPS / "nicegui_examples.mjs"), example]
    use(spawn, tmp_path, app, browser, PATH, NICEGUI_STORAGE_PATH=str(tmp_path / "storage"))
