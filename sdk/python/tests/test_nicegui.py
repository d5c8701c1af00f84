"""A real application, unchanged, in a real browser: nginx sends Socket.IO to the hub and the pages
to NiceGUI."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import APPS, HERE, Hub, free_port, is_open, wait_for

REPOSITORY = HERE.parents[2]
CHROMIUM = next((p for p in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if p), None)
MISSING = [
    name
    for name, there in (
        ("nicegui", importlib.util.find_spec("nicegui")), ("nginx", shutil.which("nginx")),
        ("chromium", CHROMIUM), ("node", shutil.which("node")),
        ("playwright-core", (REPOSITORY / "node_modules" / "playwright-core").exists()),
    )
    if not there
]  # fmt: skip

CONFIG = """
daemon off; worker_processes 1; pid {dir}/pid; error_log {dir}/error.log;
events {{ worker_connections 200; }}
http {{
  access_log off; client_body_buffer_size 1m;
  client_body_temp_path {dir}/a; proxy_temp_path {dir}/b; fastcgi_temp_path {dir}/c; uwsgi_temp_path {dir}/d;
  scgi_temp_path {dir}/e;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
  server {{
    listen 127.0.0.1:{port};
    proxy_http_version 1.1; proxy_set_header Host $http_host;
    location /_nicegui_ws/ {{
      proxy_pass http://127.0.0.1:{hub};
      proxy_http_version 1.1; proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
    }}
    location / {{ proxy_pass http://127.0.0.1:{app}; }}
  }}
}}
"""


CHECKOUT = Path(os.environ.get("SIOHUB_NICEGUI", "/nonexistent"))
EXAMPLES = [
    "authentication", "chat_app", "custom_vue_component", "download_text_as_file", "editable_table", "global_worker",
    "infinite_scroll", "menu_and_tabs", "progress", "script_executor", "single_page_app", "slideshow", "svg_clock",
    "todo_list",
]  # fmt: skip
needs_all = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")


def use(spawn: Any, directory: Path, app: list[str], browser: list[str]) -> None:
    """Runs an application of NiceGUI behind nginx and a hub, and a browser of Node against it."""
    config = directory / "hub.yaml"
    config.write_text("path: /_nicegui_ws/socket.io/\n")
    hub = Hub(directory / "hub.log", "--config", str(config))
    app_port, port = free_port(), free_port()
    process = spawn(*app, str(app_port), HUB_ADDRESS=hub.address, NICEGUI_STORAGE_PATH=str(directory / "storage"))
    (directory / "nginx.conf").write_text(CONFIG.format(dir=directory, port=port, hub=hub.browsers, app=app_port))
    nginx = subprocess.Popen(["nginx", "-c", str(directory / "nginx.conf")])
    try:
        wait_for(lambda: is_open(app_port) and is_open(port), f"NiceGUI and nginx: {process.text}")
        done = subprocess.run(
            ["node", *browser, f"http://127.0.0.1:{port}/", str(CHROMIUM), str(REPOSITORY)],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.stdout == "ok\n", done.stdout + done.stderr + process.text
    finally:
        nginx.terminate()
        nginx.wait()
        hub.close()


@needs_all
def test_pages_of_nicegui(spawn: Any, tmp_path: Path) -> None:
    use(spawn, tmp_path, ["nicegui_app.py"], [str(APPS / "chromium.mjs")])


@needs_all
@pytest.mark.skipif(not (CHECKOUT / "examples").exists(), reason="SIOHUB_NICEGUI is no checkout of NiceGUI")
@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_of_nicegui(spawn: Any, tmp_path: Path, example: str) -> None:
    main = CHECKOUT / "examples" / example / "main.py"
    use(spawn, tmp_path, ["nicegui_example.py", str(main)], [str(APPS / "nicegui_examples.mjs"), example])
