import { parse } from "../core/addresses.js";
import type { Way } from "../core/line.js";
import { type HubOptions, settle } from "../core/settings.js";
import { SingleLine } from "../core/single-line.js";
import { Queries } from "./queries.js";

export type EmitterOptions = Pick<
  HubOptions,
  "address" | "token" | "tls" | "backoff" | "commandTimeout" | "transport" | "logger"
>;

/**
 * Emits and asks without serving: for HTTP handlers, cron jobs and scripts. It has no stream, no handlers and no group; each
 * turn of the loop makes one call. What is made after the first fails with an UnavailableError while no hub is reached
 * within `commandTimeout`, and is repeated only where nothing was sent, or where it has an idempotency key.
 *
 *     const emitter = new Emitter();
 *     await emitter.in("/chat").to("lobby").emitResult("news", 42);
 *     await emitter.close();
 */
export class Emitter extends Queries {
  readonly #line: SingleLine;

  constructor(options: EmitterOptions = {}) {
    super();
    const settings = settle(options);
    const places = parse(settings.address);
    const names = places.names.map(({ host, port }) => `${host}:${port}`);
    this.#line = new SingleLine(settings, [...places.fixed, ...names]);
  }

  /** @internal */
  override _way(): Way {
    return this.#line;
  }

  /** Sends what was emitted, and hangs up: until then the connection keeps the process alive. */
  close(): Promise<void> {
    return this.#line.close();
  }
}
