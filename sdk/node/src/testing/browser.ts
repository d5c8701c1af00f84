import { randomBytes } from "node:crypto";
import { Connected, Handshake, Payload, Socket } from "../pb/index.js";
import { decodeArgs, encodeArgs, encodeJSON } from "../values.js";
import type { Arriving } from "./arriving.js";
import { HandlerError, NoReplyError, patiently } from "./errors.js";
import { now } from "./presence.js";

/** What a browser brings along. */
export interface Opening {
  /** The client's `auth`. */
  auth?: Record<string, unknown>;
  headers?: Record<string, string>;
  query?: Record<string, string>;
  /** Default `websocket`. */
  transport?: "polling" | "websocket";
  /** Default 127.0.0.1. */
  remoteAddress?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: arguments of any type
type Args = any[];
type Listener = (...args: Args) => void;

/** A browser in one namespace of a MemoryHub, which a test plays. `MemoryHub.connect` makes it. */
export class Browser {
  readonly id = randomBytes(15).toString("base64url");
  readonly namespace: string;
  /** The user that the application gave; empty when it gave none. */
  user = "";
  /** Its rooms, without its own. */
  readonly rooms = new Set<string>();
  connected = false;
  /** Why it has left, in the words of Socket.IO's server; empty while it is there. */
  reason = "";
  /** Everything that it was sent. */
  readonly received: { event: string; args: Args }[] = [];
  /** @internal */
  roomsVersion = 0;
  /** @internal `socket.data` as JSON. */
  data: Buffer = Buffer.alloc(0);
  /** @internal */
  dataVersion = 0;
  /** @internal */
  readonly auth: Buffer;
  /** @internal The accept lets the auth live on. */
  keepAuth = false;
  /** @internal */
  readonly handshake: Handshake;
  readonly #arriving: Arriving;
  readonly #inbox: { event: string; args: Args }[] = [];
  readonly #listeners = new Map<string, Listener>();
  readonly #clientId = randomBytes(15).toString("base64url");
  readonly #since = now();
  #transport: string;

  /** @internal */
  constructor(arriving: Arriving, namespace: string, opening: Opening) {
    this.#arriving = arriving;
    this.namespace = namespace;
    this.#transport = opening.transport ?? "websocket";
    this.auth = encodeJSON(opening.auth);
    const query = { EIO: "4", transport: this.#transport, ...opening.query };
    this.handshake = Handshake.fromPartial({
      url: `/socket.io/?${new URLSearchParams(query)}`,
      headers: Object.entries(opening.headers ?? {}).map(([name, value]) => ({ name, value })),
      query: Object.entries(query).map(([name, value]) => ({ name, value })),
      remoteAddress: opening.remoteAddress ?? "127.0.0.1",
      origin: opening.headers?.origin ?? opening.headers?.Origin ?? "",
      transport: this.#transport,
      protocolVersion: 4,
      issueTime: this.#since,
    });
  }

  /** Emits, and waits until the application has dealt with it. Rejects with a HandlerError when it could not. */
  async emit(event: string, ...args: Args): Promise<void> {
    const { outcome } = await this.#arriving.event(this, event, encodeArgs(args), false);
    if (outcome?.$case === "nack") throw new HandlerError(outcome.nack.status?.message);
  }

  /** Emits, and waits for the acknowledgement: its first argument, as a client's `emitWithAck` gives it. */
  // biome-ignore lint/suspicious/noExplicitAny: of any type
  async emitWithAck(event: string, ...args: Args): Promise<any> {
    return (await this.call(event, ...args))[0];
  }

  /** Emits, and waits for the acknowledgement: all its arguments. Rejects with a NoReplyError or a HandlerError. */
  async call(event: string, ...args: Args): Promise<Args> {
    const { outcome } = await this.#arriving.event(this, event, encodeArgs(args), true);
    if (outcome?.$case === "nack") throw new HandlerError(outcome.nack.status?.message);
    if (outcome?.$case !== "reply") throw new NoReplyError(`${event} was dealt with, and not acknowledged`);
    return decodeArgs(outcome.reply.payload);
  }

  /**
   * Listens, as a client does: where the application waits for an acknowledgement the last argument is the callback for it.
   * One listener for each event; an event without one is never acknowledged, which the application hears at once.
   */
  on(event: string, listener: Listener): this {
    this.#listeners.set(event, listener);
    return this;
  }

  /** The arguments of the next event of a name that was not given out yet. */
  async expect(event: string): Promise<Args> {
    const at = (): number => this.#inbox.findIndex((one) => one.event === event);
    await this.#arriving.desk.until(
      () => at() >= 0,
      () => `no ${event} came, but ${JSON.stringify(this.#inbox.map((one) => one.event))}`,
    );
    return (this.#inbox.splice(at(), 1)[0] as { args: Args }).args;
  }

  /** Leaves as a client that calls `disconnect()`, and waits until the application knows it. */
  disconnect(): Promise<void> {
    return this.lose("client namespace disconnect");
  }

  /** Leaves for another reason: `transport close`, with the code 1001 for a tab that is closed, `ping timeout`. */
  async lose(reason: string, closeCode = 0): Promise<void> {
    await patiently(this.#arriving.leave(this, reason, closeCode), () => `nobody hears that a browser has left (${reason})`);
  }

  /** Waits until it has left, and says why. */
  async left(): Promise<string> {
    await this.#arriving.desk.until(
      () => !this.connected,
      () => "the browser is still there",
    );
    return this.reason;
  }

  /** Moves from polling to WebSocket. */
  upgrade(): void {
    this.#transport = "websocket";
    this.#arriving.upgraded(this, "websocket");
  }

  /** Lets its authorization end: the application is asked first, and may renew it. */
  expire(): Promise<void> {
    return patiently(this.#arriving.expire(this), () => "nobody renews the authorization");
  }

  /** @internal An event for it. `answer` gets its acknowledgement, or undefined when it has none to give. */
  receive(event: string, payload: Payload | undefined, answer?: (payload: Payload | undefined) => void): void {
    const args = decodeArgs(payload ?? Payload.fromPartial({}));
    this.received.push({ event, args });
    this.#inbox.push({ event, args });
    const listener = this.#listeners.get(event);
    if (listener === undefined) answer?.(undefined);
    else if (answer === undefined) listener(...args);
    else listener(...args, (...values: Args) => answer(encodeArgs(values)));
  }

  /** @internal As the hub tells of it. */
  socket(): Socket {
    return Socket.fromPartial({
      id: this.id,
      namespace: this.namespace,
      user: this.user,
      data: this.data,
      dataVersion: this.dataVersion,
      hubId: this.#arriving.desk.hubId,
      transport: this.#transport,
      clientId: this.#clientId,
    });
  }

  /** @internal Its introduction. */
  connectedFacts(facts: Partial<Connected>): Connected {
    return Connected.fromPartial({
      handshake: this.handshake,
      connectTime: this.#since,
      rooms: [...this.rooms].sort(),
      roomsVersion: this.roomsVersion,
      ...(this.keepAuth && { auth: this.auth }),
      ...facts,
    });
  }

  /** @internal */
  info() {
    return { socket: this.socket(), rooms: [...this.rooms].sort(), connectTime: this.#since, handshake: this.handshake };
  }
}
