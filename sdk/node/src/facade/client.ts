import type { Handshake as Message } from "../pb/index.js";
import type { AnySocket } from "./any.js";
import { Connection } from "./connection.js";
import type { Request } from "./request.js";
import type { DisconnectReason, SocketId } from "./reserved.js";
import type { Server } from "./server.js";
import type { EventsMap } from "./types.js";

/** One browser: what its sockets in all namespaces have in common. It takes properties of the program's own. */
export class Client<
  L extends EventsMap = EventsMap,
  E extends EventsMap = EventsMap,
  S extends EventsMap = EventsMap,
  D = unknown,
> {
  readonly conn: Connection;
  /** @internal */
  readonly id: string;
  /** @internal */
  readonly server: Server<L, E, S, D>;
  /** @internal */
  readonly sockets = new Map<SocketId, AnySocket>();
  /** @internal */
  readonly nsps = new Map<string, AnySocket>();
  /** @internal Attempts without an end: the client is kept for them. */
  _attempts = 0;
  /** @internal What middlewares of the engine and `allowRequest` said; undefined before they were asked. */
  _admission: Promise<Error | undefined> | undefined;
  #gone: (client: Client) => void;

  constructor(
    server: Server<L, E, S, D>,
    id: string,
    handshake: Message | undefined,
    transport: string,
    gone: (client: Client) => void,
  ) {
    this.server = server;
    this.id = id;
    this.#gone = gone;
    this.conn = new Connection(this as unknown as Client, id, handshake, transport);
  }

  get request(): Request {
    return this.conn.request;
  }

  /** @internal */
  _add(socket: AnySocket): void {
    this.sockets.set(socket.id, socket);
    this.nsps.set(socket.nsp.name, socket);
  }

  /** @internal */
  _remove(socket: AnySocket): void {
    if (this.sockets.get(socket.id) !== socket) return;
    this.sockets.delete(socket.id);
    this.nsps.delete(socket.nsp.name);
  }

  /** @internal Closes the connection: each socket here leaves its namespace, and those elsewhere hear it from the hub. */
  _disconnect(): void {
    const sockets = [...this.sockets.values()];
    for (const [i, socket] of sockets.entries()) socket._closing("server namespace disconnect", i === 0 ? true : undefined);
    this._closed("forced close");
  }

  /** @internal `_disconnect` after the hub was told. */
  _left(): void {
    for (const socket of [...this.sockets.values()]) socket._closing("server namespace disconnect", undefined);
    this._closed("forced close");
  }

  /** @internal As `conn.close()` does: sockets see a forced close. */
  _close(): void {
    if (this.conn.readyState !== "open") return;
    const sockets = [...this.sockets.values()];
    for (const [i, socket] of sockets.entries()) socket._closing("forced close", i === 0 ? true : undefined);
    this._closed("forced close");
  }

  /** @internal An error of the connection, as programs that reach into `client.ondata` make it. */
  ondata(data: unknown): void {
    if (typeof data === "string" || Buffer.isBuffer(data)) return;
    const error = new Error(`Unknown type: ${data}`);
    for (const socket of this.sockets.values()) socket._onerror(error);
    this._close();
  }

  /** @internal Forgets the client once nothing of it is here any more. */
  _check(reason: DisconnectReason | "forced close", description?: unknown): void {
    if (this.sockets.size === 0 && this._attempts === 0) this._closed(reason, description);
  }

  #over = false;

  _closed(reason: string, description?: unknown): void {
    this.conn._closed(reason, description);
    if (this.#over) return;
    this.#over = true;
    this.#gone(this as unknown as Client);
  }
}
