"""A real application, unchanged, in a real browser: nginx sends Socket.IO to the hub and the pages
to NiceGUI."""

from __future__ import annotations

import importlib.util
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
  access_log off;
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


@pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
def test_pages_of_nicegui(spawn: Any, tmp_path: Path) -> None:
    config = tmp_path / "hub.yaml"
    config.write_text("path: /_nicegui_ws/socket.io/\n")
    hub = Hub(tmp_path / "hub.log", "--config", str(config))
    app_port, port = free_port(), free_port()
    app = spawn("nicegui_app.py", str(app_port), HUB_ADDRESS=hub.address)
    (tmp_path / "nginx.conf").write_text(CONFIG.format(dir=tmp_path, port=port, hub=hub.browsers, app=app_port))
    nginx = subprocess.Popen(["nginx", "-c", str(tmp_path / "nginx.conf")])
    try:
        wait_for(lambda: is_open(app_port) and is_open(port), f"NiceGUI and nginx: {app.text}")
        done = subprocess.run(
            ["node", str(APPS / "chromium.mjs"), f"http://127.0.0.1:{port}/", str(CHROMIUM), str(REPOSITORY)],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.stdout == "ok\n", done.stdout + done.stderr + app.text
    finally:
        nginx.terminate()
        nginx.wait()
        hub.close()
