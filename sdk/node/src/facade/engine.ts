import { EventEmitter } from "node:events";
import { ServerResponse } from "node:http";
import type { Client } from "./client.js";
import type { Request } from "./request.js";

type Middleware = (req: Request, res: ServerResponse, next: (err?: unknown) => void) => void;
/** Decides about a browser's first request. */
export type AllowRequest = (req: Request, fn: (err: string | null | undefined, success: boolean) => void) => void;

/**
 * What `io.engine` shows of the browsers that this process holds: the engine itself is the hub.
 *
 * Event `connection`: a browser's Connection, before its first middleware runs. Events of HTTP answers (`headers`,
 * `initial_headers`, `connection_error`) do not come: those answers are the hub's.
 */
export class Engine extends EventEmitter {
  /** Browsers that have a socket here. */
  clientsCount = 0;
  // biome-ignore lint/suspicious/noExplicitAny: the options that were given
  readonly opts: any;
  /** @internal */
  readonly _clients = new Set<Client>();
  readonly #middlewares: Middleware[] = [];

  constructor(opts: unknown) {
    super();
    this.opts = opts ?? {};
  }

  /** Connections by their names. */
  get clients(): Record<string, Client["conn"]> {
    return Object.fromEntries([...this._clients].map((client) => [client.id, client.conn]));
  }

  /**
   * Runs a middleware of Express and its like on the browser's opening request, before those of the namespace. What it
   * writes into the response is not sent: the browser has its answer from the hub.
   */
  use(fn: Middleware): this {
    this.#middlewares.push(fn);
    return this;
  }

  /** Closes the connections of all browsers that have a socket here. */
  close(): this {
    for (const client of [...this._clients]) client._close();
    return this;
  }

  /** Not needed behind a hub. */
  generateId(): string {
    throw new Error("the hub names its sessions itself");
  }

  attach(): void {}

  handleRequest(): void {}

  handleUpgrade(): void {}

  /** @internal */
  _meet(client: Client): void {
    this._clients.add(client);
    this.clientsCount = this._clients.size;
    this.emit("connection", client.conn);
  }

  /** @internal */
  _forget(client: Client): void {
    this._clients.delete(client);
    this.clientsCount = this._clients.size;
  }

  /** @internal Whether a browser may come in: its error when it may not. Asked once for each browser. */
  _admit(client: Client): Promise<Error | undefined> | undefined {
    const allow = this.opts.allowRequest as AllowRequest | undefined;
    if (this.#middlewares.length === 0 && allow === undefined) return undefined;
    client._admission ??= this.#ask(client.request, allow);
    return client._admission;
  }

  async #ask(request: Request, allow: AllowRequest | undefined): Promise<Error | undefined> {
    try {
      for (const middleware of this.#middlewares) await run(middleware, request);
      if (allow === undefined) return undefined;
      const refused = await new Promise<string | false>((resolve) => {
        allow(request, (err, success) => resolve(err || (success ? false : "Forbidden")));
      });
      return refused === false ? undefined : new Error(refused);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}

function run(middleware: Middleware, request: Request): Promise<void> {
  return new Promise((resolve, reject) => {
    const response = new ServerResponse(request);
    response.end = function end(this: ServerResponse): ServerResponse {
      reject(new Error("Forbidden")); // it has answered in place of us
      return this;
    } as typeof response.end;
    middleware(request, response, (err) => (err ? reject(err instanceof Error ? err : new Error(String(err))) : resolve()));
  });
}
