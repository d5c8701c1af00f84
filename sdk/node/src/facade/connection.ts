import { EventEmitter } from "node:events";
import type { Handshake as Message } from "../pb/index.js";
import type { Client } from "./client.js";
import { newRequest, type Request } from "./request.js";

/** How a browser is connected: what `socket.conn.transport` shows. */
export interface TransportView {
  name: string;
  readonly writable: boolean;
}

/**
 * A browser's connection as `socket.conn` shows it. The connection itself is at the hub.
 *
 * Events: `upgrade`, `close`, `packet` for each event that came, `packetCreate` for each that is sent.
 */
export class Connection extends EventEmitter {
  /** Names the connection; never the session id of the transport, which is a secret. */
  readonly id: string;
  /** Engine.IO's revision: 4, or 3 for Socket.IO clients 1 and 2. */
  readonly protocol: number;
  /** Address of the browser. */
  readonly remoteAddress: string;
  readonly transport: TransportView;
  /** The opening request, which all sockets of the browser share. */
  request!: Request;
  readyState: "open" | "closed" = "open";
  upgraded = false;
  /** @internal */
  readonly _client: Client;
  /** @internal Whether any program of this process ever looked at packets: most do not, and asking costs each event. */
  static _watched = false;

  constructor(client: Client, id: string, handshake: Message | undefined, transport: string) {
    super();
    this.id = id;
    this._client = client;
    this.protocol = handshake?.protocolVersion || 4;
    this.remoteAddress = handshake?.remoteAddress ?? "";
    this.transport = { name: transport || handshake?.transport || "websocket", writable: true };
    // Made when somebody looks: most programs do not.
    Object.defineProperty(this, "request", {
      configurable: true,
      enumerable: true,
      get: () => {
        const request = newRequest(handshake);
        Object.defineProperty(this, "request", { configurable: true, enumerable: true, writable: true, value: request });
        return request;
      },
      set: (value: Request) => {
        Object.defineProperty(this, "request", { configurable: true, enumerable: true, writable: true, value });
      },
    });
  }

  override on(event: string | symbol, listener: (...args: unknown[]) => void): this {
    return super.on(looks(event), listener);
  }

  override addListener(event: string | symbol, listener: (...args: unknown[]) => void): this {
    return super.addListener(looks(event), listener);
  }

  override prependListener(event: string | symbol, listener: (...args: unknown[]) => void): this {
    return super.prependListener(looks(event), listener);
  }

  /** @internal Tells who looks at packets. */
  _tell(event: "packet" | "packetCreate", packet: { type: "message"; data: unknown[]; options?: { compress: boolean } }): void {
    if (Connection._watched && this.listenerCount(event) > 0) this.emit(event, packet);
  }

  /** Closes the browser's connection, with all its namespaces. */
  close(_discard?: boolean): void {
    this._client._close();
  }

  /** @internal */
  _upgrade(transport: string): void {
    if (transport === "" || this.transport.name === transport) return;
    this.transport.name = transport;
    this.upgraded = true;
    this.emit("upgrade", this.transport);
  }

  /** @internal The browser has gone. */
  _closed(reason: string, description?: unknown): void {
    if (this.readyState === "closed") return;
    this.readyState = "closed";
    this.emit("close", reason, description);
  }
}

/** Notes that somebody looks at packets. */
function looks(event: string | symbol): string | symbol {
  if (event === "packet" || event === "packetCreate") Connection._watched = true;
  return event;
}
