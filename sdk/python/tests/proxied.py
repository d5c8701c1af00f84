"""Applications with pages of their own, in a real browser: nginx sends Socket.IO to the hub, and the
rest to the application."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path
from typing import Any

from conftest import HERE, Hub, free_port, is_open, wait_for

REPOSITORY = HERE.parents[2]
CHROMIUM = next((p for p in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if p), None)

CONFIG = """
daemon off; worker_processes 1; pid {dir}/pid; error_log {dir}/error.log;
events {{ worker_connections 200; }}
http {{
  access_log off; client_body_buffer_size 1m; proxy_max_temp_file_size 0; # its workers may not write here
  client_body_temp_path {dir}/a; proxy_temp_path {dir}/b; fastcgi_temp_path {dir}/c; uwsgi_temp_path {dir}/d;
  scgi_temp_path {dir}/e;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
  server {{
    listen 127.0.0.1:{port};
    proxy_http_version 1.1; proxy_set_header Host $http_host;
    location {path} {{
      proxy_pass http://127.0.0.1:{hub};
      proxy_http_version 1.1; proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
    }}
    location / {{ proxy_pass http://127.0.0.1:{app}; }}
  }}
}}
"""


def missing(*modules: str) -> list[str]:
    """What is not installed of what these tests need."""
    needs: list[tuple[str, object]] = [(name, importlib.util.find_spec(name)) for name in modules]
    needs += [
        ("nginx", shutil.which("nginx")), ("chromium", CHROMIUM), ("node", shutil.which("node")),
        ("playwright-core", (REPOSITORY / "node_modules" / "playwright-core").exists()),
    ]  # fmt: skip
    return [name for name, there in needs if not there]


def use(spawn: Any, directory: Path, app: list[str], browser: list[str], path: str, **env: str) -> None:
    """Runs an application, to which its port is the last argument, behind nginx and a hub at a path,
    and a browser of Node against it."""
    config = directory / "hub.yaml"
    config.write_text(f"path: {path}\n")
    hub = Hub(directory / "hub.log", "--config", str(config))
    app_port, port = free_port(), free_port()
    process = spawn(*app, str(app_port), HUB_ADDRESS=hub.address, **env)
    text = CONFIG.format(dir=directory, port=port, hub=hub.browsers, app=app_port, path=path)
    (directory / "nginx.conf").write_text(text)
    nginx = subprocess.Popen(["nginx", "-c", str(directory / "nginx.conf")])
    try:
        wait_for(lambda: is_open(app_port) and is_open(port), f"the application and nginx: {process.text}")
        done = subprocess.run(
            ["node", *browser, f"http://127.0.0.1:{port}/", str(CHROMIUM), str(REPOSITORY)],
            capture_output=True, text=True, timeout=150, check=False,
        )  # fmt: skip
        assert done.stdout == "ok\n", done.stdout + done.stderr + process.text + (directory / "error.log").read_text()
    finally:
        nginx.terminate()
        nginx.wait()
        hub.close()
