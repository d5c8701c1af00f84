// Applications with pages of their own, in a real browser: nginx sends Socket.IO to the hub, and the rest to the application.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Hub, until } from "./hub.mjs";

const repository = new URL("../../../../", import.meta.url).pathname;
const which = (name) => spawnSync("which", [name], { encoding: "utf8" }).stdout.trim();
export const chromium = ["chromium", "chromium-browser", "google-chrome"].map(which).find(Boolean);

/** What is not there of what these tests need, or false. */
export function missing(...paths) {
  const needs = {
    chromium,
    nginx: which("nginx"),
    "playwright-core": existsSync(join(repository, "node_modules/playwright-core")),
  };
  for (const [name, path] of paths) needs[name] = existsSync(path);
  const not = Object.keys(needs).filter((name) => !needs[name]);
  return not.length > 0 && `not there: ${not.join(", ")}`;
}

export function browser() {
  const { chromium: playwright } = createRequire(`${repository}package.json`)("playwright-core");
  return playwright.launch({ executablePath: chromium, args: ["--no-sandbox"] });
}

const isOpen = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true, socket.destroy()));
    socket.on("error", () => resolve(false));
  });

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

const nginx = (directory, { path, port, hub, app }) => `
daemon off; worker_processes 1; pid ${directory}/pid; error_log ${directory}/error.log;
events { worker_connections 200; }
http {
  access_log off; client_body_buffer_size 1m; proxy_max_temp_file_size 0; # its workers may not write there
  client_body_temp_path ${directory}/a; proxy_temp_path ${directory}/b;
  fastcgi_temp_path ${directory}/c; uwsgi_temp_path ${directory}/d; scgi_temp_path ${directory}/e;
  map $http_upgrade $connection_upgrade { default upgrade; '' close; }
  server {
    listen 127.0.0.1:${port};
    proxy_http_version 1.1; proxy_set_header Host $http_host;
    location ${path} {
      proxy_pass http://127.0.0.1:${hub};
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
    }
    location / { proxy_pass http://127.0.0.1:${app}; }
  }
}
`;

/** Runs use({ port, app }) with a hub at a path behind nginx, and with start({ port, app, hub }), the application's process. */
export async function proxied(path, start, use) {
  const directory = mkdtempSync(join(tmpdir(), "proxied-"));
  const hub = await Hub.start({ env: { HUB_PATH: path } });
  const ports = { path, port: await freePort(), app: await freePort(), hub: Number(new URL(hub.url).port) };
  writeFileSync(join(directory, "nginx.conf"), nginx(directory, ports));
  const proxy = spawn("nginx", ["-c", join(directory, "nginx.conf")], { stdio: "inherit" });
  let process;
  try {
    await until(() => isOpen(ports.port), "nginx");
    process = start({ port: ports.port, app: ports.app, hub: hub.address });
    process.ended = once(process, "exit");
    await until(() => isOpen(ports.app), "the application");
    await use({ url: `http://127.0.0.1:${ports.port}/`, process });
  } finally {
    for (const child of [process, proxy]) {
      if (child === undefined || child.exitCode !== null) continue;
      child.kill();
      await once(child, "exit");
    }
    await hub.stop();
    rmSync(directory, { recursive: true });
  }
}
