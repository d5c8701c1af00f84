// Hubs for the suite, one for each server that a test has at a time, by what the server's options ask of a hub.
const { spawn } = require("node:child_process");
const { join } = require("node:path");

const BINARY = process.env.SIOHUB_HUB_BINARY ?? join(__dirname, "../../../../bin/hub");
const idle = new Map();
const running = new Set();
let next = 20_000 + ((process.pid * 37) % 30_000);

/** The hub's variables for the options of the reference. */
function variables(options) {
  const env = {};
  const set = (name, value) => {
    if (value !== undefined) env[`HUB_${name}`] = String(value);
  };
  set("CONNECT_TIMEOUT", options.connectTimeout && `${options.connectTimeout}ms`);
  set("TRANSPORTS", options.transports?.join(","));
  set("ALLOW_EIO3", options.allowEIO3);
  set("MAX_PAYLOAD", options.maxHttpBufferSize);
  set("RECOVERY_ENABLED", options.connectionStateRecovery ? true : undefined);
  set("PATH", options.path);
  if (options.serveClient === false) set("SERVE_CLIENT", false);
  const { cors } = options;
  if (cors) {
    set("CORS_ORIGINS", [cors.origin].flat().join(","));
    set("CORS_METHODS", cors.methods?.join(","));
    set("CORS_ALLOWED_HEADERS", cors.allowedHeaders?.join(","));
    set("CORS_CREDENTIALS", cors.credentials);
  }
  return env;
}

class Hub {
  constructor(key, env) {
    this.key = key;
    this.env = env;
    this.port = next++;
    this.control = next++;
    this.address = `127.0.0.1:${this.control}`;
  }

  start({ path }) {
    if (this.process !== undefined) return;
    if (path !== "/socket.io") this.env.HUB_PATH = `${path}/`;
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith("HUB_") && name !== "DEBUG"),
    );
    this.process = spawn(
      BINARY,
      ["serve", `--listen=127.0.0.1:${this.port}`, `--control-listen=${this.address}`, "--admin-listen=127.0.0.1:0"],
      { env: { ...inherited, ...this.env }, stdio: ["ignore", "ignore", process.env.HUB_OUTPUT ? "inherit" : "ignore"] },
    );
    this.process.unref();
    running.add(this.process);
    this.ready = this.#wait();
  }

  async #wait() {
    for (let i = 0; i < 400; i++) {
      try {
        await fetch(`http://127.0.0.1:${this.port}/`);
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
    throw new Error("the hub does not start");
  }

  /** Another server may have it. */
  release() {
    const waiting = idle.get(this.key) ?? [];
    idle.set(this.key, waiting);
    if (!waiting.includes(this)) waiting.push(this);
  }
}

exports.lease = (options) => {
  const env = variables(options);
  const key = JSON.stringify(env);
  return idle.get(key)?.pop() ?? new Hub(key, env);
};

process.on("exit", () => {
  for (const hub of running) hub.kill("SIGKILL");
});
