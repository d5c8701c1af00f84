import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";

export interface TestHubOptions {
  /** The program `hub`. Default: the variable SIOHUB_HUB_BINARY, or `hub` of the PATH. */
  binary?: string;
  /** More flags, such as `--namespaces=/chat`. */
  flags?: string[];
  /** Keys of the hub's configuration as variables, such as HUB_RECOVERY_ENABLED. */
  env?: Record<string, string>;
}

/** How long a hub may take to start, in milliseconds. */
const PATIENCE = 20_000;

/**
 * A hub on free ports of the loopback interface, in a process of its own.
 *
 *     const hub = await TestHub.start();
 *     const io = new Server({ hub: { address: hub.address } }).listen();
 *     const client = ioClient(hub.url);
 */
export class TestHub {
  /** Where browsers reach it. */
  readonly url: string;
  /** Where services reach it: `hub.address` of `new Server`. */
  readonly address: string;
  readonly #command: { binary: string; args: string[]; env: NodeJS.ProcessEnv };
  #process: ChildProcess | undefined;
  #output = "";

  private constructor(browsers: number, services: number, options: TestHubOptions) {
    this.url = `http://127.0.0.1:${browsers}`;
    this.address = `127.0.0.1:${services}`;
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("HUB_") && name !== "DEBUG");
    this.#command = {
      binary: options.binary ?? process.env.SIOHUB_HUB_BINARY ?? "hub",
      args: [
        "serve",
        `--listen=127.0.0.1:${browsers}`,
        `--control-listen=${this.address}`,
        "--admin-listen=127.0.0.1:0",
        ...(options.flags ?? []),
      ],
      env: { ...Object.fromEntries(inherited), ...options.env },
    };
  }

  static async start(options: TestHubOptions = {}): Promise<TestHub> {
    const hub = new TestHub(await freePort(), await freePort(), options);
    await hub.#launch();
    return hub;
  }

  /** What it has logged. */
  get output(): string {
    return this.#output;
  }

  async #launch(): Promise<void> {
    const { binary, args, env } = this.#command;
    const child = spawn(binary, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    this.#process = child;
    let failed: Error | undefined;
    child.on("error", (error: NodeJS.ErrnoException) => {
      const missing = `there is no program ${binary}: SIOHUB_HUB_BINARY or the option binary says where hub is`;
      failed = error.code === "ENOENT" ? new Error(missing, { cause: error }) : error;
    });
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk).slice(-200_000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const end = Date.now() + PATIENCE;
    while (!(await answers(this.url))) {
      if (failed !== undefined) throw failed;
      if (child.exitCode !== null || Date.now() > end) throw new Error(`the hub does not start:\n${this.#output}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** Ends it: SIGTERM lets it drain, SIGKILL does not. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
    await exited;
    clearTimeout(timer);
  }

  /** Ends it and starts it again at the same addresses, as another hub process. */
  async restart(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    await this.stop(signal);
    await this.#launch();
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    await fetch(`${url}/socket.io/?EIO=4&transport=none`);
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
