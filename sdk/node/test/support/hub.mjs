// Starts hubs on free loopback ports, for tests.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { once } from "node:events";

const BINARY = process.env.SIOHUB_HUB_BINARY ?? new URL("../../../../../bin/hub", import.meta.url).pathname;

/** A port that is free now. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** A running hub: `url` for browsers, `address` for services. */
export class Hub {
  static async start(flags = [], { env = {}, browsers, services, config } = {}) {
    const hub = new Hub();
    hub.browsersPort = browsers ?? (await freePort());
    hub.servicesPort = services ?? (await freePort());
    hub.flags = flags;
    hub.env = env;
    hub.config = config;
    await hub.launch();
    return hub;
  }

  get url() {
    return `http://127.0.0.1:${this.browsersPort}`;
  }

  get address() {
    return `127.0.0.1:${this.servicesPort}`;
  }

  async launch() {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("HUB_") && name !== "DEBUG"));
    this.output = "";
    this.process = spawn(
      BINARY,
      ["serve", `--listen=127.0.0.1:${this.browsersPort}`, `--control-listen=${this.address}`, "--admin-listen=127.0.0.1:0", ...this.flags],
      { env: { ...env, ...this.env }, stdio: ["ignore", "pipe", "pipe"] },
    );
    for (const stream of [this.process.stdout, this.process.stderr]) stream.on("data", (chunk) => { this.output = (this.output + chunk).slice(-200_000); });
    this.exited = once(this.process, "exit");
    for (let i = 0; ; i++) {
      try {
        const res = await fetch(`${this.url}/socket.io/?EIO=4&transport=none`);
        if (res.status > 0) break;
      } catch {
        if (this.process.exitCode !== null || i > 400) throw new Error(`the hub does not start:\n${this.output}`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    }
  }

  async stop(signal = "SIGTERM") {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill(signal);
    const timer = setTimeout(() => this.process.kill("SIGKILL"), 8000);
    await this.exited;
    clearTimeout(timer);
  }

  async restart(signal = "SIGKILL") {
    await this.stop(signal);
    await this.launch();
  }
}
