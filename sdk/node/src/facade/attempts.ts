import type { Delivery } from "../core/delivery.js";
import { Accept, type ConnectAttempt } from "../pb/index.js";
import { decodeJSON, encodeJSON } from "../values.js";
import type { AnyNamespace, AnyServer, AnySocket } from "./any.js";
import type { Bridge } from "./bridge.js";
import type { Client } from "./client.js";
import { issued } from "./request.js";
import type { ExtendedError } from "./reserved.js";
import { Socket } from "./socket.js";

/** How many sockets may wait for their `connected`, and how many that have gone are remembered for their return. */
const MAX_WAITING = 10_000;

/** Browsers that want to join a namespace: engine middlewares, `allowRequest`, namespace, `use`; then accept or deny. */
export class Attempts {
  readonly #bridge: Bridge;
  /** Sockets in the hands of middlewares, by the delivery that they are the answer to. */
  readonly #open = new Map<Delivery, AnySocket>();
  /** Sockets that were accepted, until the hub says that they are connected. */
  readonly #accepted = new Map<string, { socket: AnySocket; seq: number }>();
  /** Data of sockets that may come back. */
  readonly #away = new Map<string, unknown>();

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  take(delivery: Delivery): void {
    const attempt = (delivery.message.body as { connectAttempt: ConnectAttempt }).connectAttempt;
    const server = this.#bridge.server(attempt.handshake);
    if (server === undefined) {
      delivery.nack("closing", { retry: true, elsewhere: true });
      delivery.end();
      return;
    }
    const client = this.#bridge.client(server, delivery, attempt.handshake);
    client._attempts++;
    const admission = server.engine._admit(client);
    if (admission === undefined) return this.#admitted(server, client, delivery, attempt);
    void admission.then((error) => {
      if (error === undefined) this.#admitted(server, client, delivery, attempt);
      else this.#deny(client, delivery, error);
    });
  }

  #admitted(server: AnyServer, client: Client, delivery: Delivery, attempt: ConnectAttempt): void {
    const auth = readAuth(client, attempt);
    server._find(delivery.socket.namespace, auth, (nsp) => {
      if (nsp !== false) return this.#run(nsp, client, delivery, attempt, auth);
      if (delivery.denyNamespace()) this.#bridge.log.debug("no such namespace", { namespace: delivery.socket.namespace });
      this.#over(client, delivery);
    });
  }

  #run(nsp: AnyNamespace, client: Client, delivery: Delivery, attempt: ConnectAttempt, auth: Record<string, unknown>): void {
    const recovered = attempt.recovery !== undefined;
    const socket: AnySocket = new Socket(nsp, client as never, {
      id: delivery.socket.id,
      hubId: delivery.socket.hubId,
      issued: issued(attempt.handshake),
      auth,
      recovered,
      moved: false,
    });
    socket._early = [];
    nsp._preConnectSockets.set(socket.id, socket);
    this.#open.set(delivery, socket);
    if (recovered) {
      nsp.adapter._mirror(socket.id, [socket.id, ...(attempt.recovery?.rooms ?? [])]);
      if (this.#away.has(socket.id)) socket._data.set(this.#away.get(socket.id));
      this.#away.delete(socket.id);
      const recovery = nsp.server._opts.connectionStateRecovery;
      if (recovery !== undefined && recovery.skipMiddlewares !== false) return this.#decide(socket, client, delivery);
    }
    nsp._run(socket, (err) => process.nextTick(() => this.#decide(socket, client, delivery, err)));
  }

  #decide(socket: AnySocket, client: Client, delivery: Delivery, err?: ExtendedError): void {
    if (!this.#open.delete(delivery)) return; // the browser has left
    if (err) {
      socket._cleanup();
      this.#deny(client, delivery, err);
      return;
    }
    const rooms = [...socket.rooms].filter((room) => room !== socket.id).map(String);
    const data = socket._data.first();
    const accept = Accept.fromPartial({ rooms, data, keepAuth: true });
    delivery.accept(accept);
    this.#accepted.set(socket.id, { socket, seq: delivery.seq });
    // What was emitted meanwhile reaches the browser behind its CONNECT.
    const early = socket._early ?? [];
    socket._early = undefined;
    for (const send of early) send();
    delivery.end();
    for (const id of this.#accepted.keys()) {
      if (this.#accepted.size <= MAX_WAITING) break;
      this.#forget(id); // the oldest never came: another process has it
    }
  }

  /** The hub does not take an accept: the browser has left. */
  refused(seq: number): void {
    for (const [id, accepted] of this.#accepted) if (accepted.seq === seq) return this.#forget(id);
  }

  #forget(id: string): void {
    const socket = this.claim(id);
    if (socket === undefined) return;
    socket._cleanup();
    socket.client._check("transport close");
  }

  #deny(client: Client, delivery: Delivery, err: ExtendedError): void {
    const message = String(err.message ?? err);
    try {
      delivery.deny(message, encodeJSON(err.data));
    } catch (error) {
      delivery.deny(message, Buffer.alloc(0)); // the browser is refused all the same
      throw error;
    } finally {
      this.#over(client, delivery);
    }
  }

  #over(client: Client, delivery: Delivery): void {
    delivery.end();
    client._attempts--;
    client._check("transport close");
  }

  /** The browser has left before it was decided upon, or another process decides. */
  revoked(delivery: Delivery): void {
    const socket = this.#open.get(delivery);
    if (socket === undefined) return;
    this.#open.delete(delivery);
    socket._cleanup();
    const client = socket.client as unknown as Client;
    if (delivery.lost?.reason === "BROWSER_GONE" && client.sockets.size === 0) client._closed("transport close");
    this.#over(client, delivery);
  }

  /** The socket that middlewares have let in here. */
  claim(id: string): AnySocket | undefined {
    const socket = this.#accepted.get(id)?.socket;
    if (socket === undefined || !this.#accepted.delete(id)) return undefined;
    socket.client._attempts--;
    return socket;
  }

  /** Keeps the data of a socket that may come back. */
  remember(socket: AnySocket): void {
    if (this.#away.size >= MAX_WAITING) {
      for (const id of this.#away.keys()) {
        this.#away.delete(id);
        break;
      }
    }
    this.#away.set(socket.id, socket.data);
  }
}

/** What the client sent; Socket.IO clients 1 and 2 have a query in its place. */
function readAuth(client: Client, attempt: ConnectAttempt): Record<string, unknown> {
  const auth = decodeJSON(attempt.auth);
  if (auth !== null && typeof auth === "object") return auth as Record<string, unknown>;
  return client.conn.protocol === 3 ? { ...client.request?._query } : {};
}
