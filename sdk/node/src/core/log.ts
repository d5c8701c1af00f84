import { debuglog } from "node:util";

/** Where the kit tells what a person should know. `console` fits, and so do pino and winston with a line each. */
export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

const debug = debuglog("siohub");

function line(message: string, fields?: Record<string, unknown>): string {
  const rest = Object.entries(fields ?? {}).map(([name, value]) => ` ${name}=${text(value)}`);
  return `siohub: ${message}${rest.join("")}`;
}

function text(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.message);
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** Warnings and errors go to stderr, the rest only with NODE_DEBUG=siohub. */
export const defaultLogger: Logger = {
  debug: (message, fields) => debug("%s", line(message, fields)),
  info: (message, fields) => debug("%s", line(message, fields)),
  warn: (message, fields) => console.warn(line(message, fields)),
  error: (message, fields) => console.error(line(message, fields)),
};

/** Logs the first of its kind, then each time that the count has grown tenfold. */
export class Sampled {
  #count = 0;
  #next = 1;

  /** Counts one more; the count when it should be logged, 0 otherwise. */
  count(): number {
    this.#count++;
    if (this.#count < this.#next) return 0;
    this.#next = this.#count * 10;
    return this.#count;
  }
}
