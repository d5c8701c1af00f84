import type { Delivery } from "../core/delivery.js";
import type { Member } from "../core/peer.js";
import type { Adapter, BroadcastFlags } from "./adapter.js";
import type { AnyListener } from "./any.js";
import { AnyEventEmitter } from "./any-emitter.js";
import { BroadcastOperator } from "./broadcast-operator.js";
import type { Client } from "./client.js";
import type { Connection } from "./connection.js";
import { SocketData } from "./data.js";
import { Incoming, type Packet } from "./incoming.js";
import type { Namespace } from "./namespace.js";
import { type Handshake, newHandshake, type Request } from "./request.js";
import { type DisconnectReason, RESERVED_EVENTS, type Room, type SocketId, type SocketReservedEventsMap } from "./reserved.js";
import type {
  AllButLast,
  DecorateAcknowledgements,
  DecorateAcknowledgementsWithMultipleResponses,
  DefaultEventsMap,
  EventNames,
  EventNamesWithAck,
  EventParams,
  EventsMap,
  FirstNonErrorArg,
  Last,
} from "./types.js";

/** An event with its arguments, as `socket.use` gets it. */
// biome-ignore lint/suspicious/noExplicitAny: arguments of any type
export type Event = [string, ...any[]];

/** How a socket came to this process. */
export interface Origin {
  id: SocketId;
  hubId: string;
  issued: number;
  auth: Record<string, unknown>;
  recovered: boolean;
  moved: boolean;
}

/**
 * A browser in a namespace. It is the same object from the first middleware to `disconnect`, and takes properties of the
 * program's own. The browser itself is connected to the hub, and outlives this process.
 */
export class Socket<
  ListenEvents extends EventsMap = DefaultEventsMap,
  EmitEvents extends EventsMap = ListenEvents,
  ServerSideEvents extends EventsMap = DefaultEventsMap,
  // biome-ignore lint/suspicious/noExplicitAny: as the reference has it
  SD = any,
> extends AnyEventEmitter<ListenEvents, EmitEvents, SocketReservedEventsMap> {
  readonly nsp: Namespace<ListenEvents, EmitEvents, ServerSideEvents, SD>;
  readonly client: Client<ListenEvents, EmitEvents, ServerSideEvents>;
  readonly id: SocketId;
  /** The browser took up its session, or it has `moved`: id, rooms and data are as before, and it was welcomed. */
  readonly recovered: boolean;
  /** The socket came here from another process, or from this one before it was restarted: it was welcomed there. */
  readonly moved: boolean;
  readonly handshake: Handshake;
  connected = false;

  /** @internal */
  readonly adapter: Adapter;
  /** @internal The hub that holds it. */
  readonly _hubId: string;
  /** @internal */
  _member: Member | undefined;
  /** @internal What is emitted before the hub knows the socket. */
  _early: (() => void)[] | undefined;
  /** @internal */
  readonly _data: SocketData;
  readonly #incoming: Incoming;
  #flags: BroadcastFlags = {};
  #flagged = false;

  /** @internal */
  constructor(
    nsp: Namespace<ListenEvents, EmitEvents, ServerSideEvents, SD>,
    client: Client<ListenEvents, EmitEvents, ServerSideEvents>,
    origin: Origin,
  ) {
    super();
    this.nsp = nsp;
    this.client = client;
    this.adapter = nsp.adapter;
    this.id = origin.id;
    this._hubId = origin.hubId;
    this.recovered = origin.recovered;
    this.moved = origin.moved;
    this.handshake = newHandshake(client.request, client.conn.remoteAddress, origin.issued, origin.auth);
    this._data = new SocketData(this);
    this.#incoming = new Incoming(this);
    super.on("error", () => {}); // a browser may emit `error`: that must not end the process
  }

  /** What the program keeps for the socket. It follows the socket to other processes and is seen by `fetchSockets`. */
  get data(): SD {
    return this._data.get() as SD;
  }

  set data(value: SD) {
    this._data.set(value);
  }

  get request(): Request {
    return this.client.request;
  }

  get conn(): Connection {
    return this.client.conn;
  }

  get disconnected(): boolean {
    return !this.connected;
  }

  /** Its rooms, its own among them: true in the tick of a join. */
  get rooms(): Set<Room> {
    return this.adapter.socketRooms(this.id) || new Set();
  }

  override emit<Ev extends EventNames<EmitEvents>>(ev: Ev, ...args: EventParams<EmitEvents, Ev>): boolean {
    if (RESERVED_EVENTS.has(ev)) throw new Error(`"${String(ev)}" is a reserved event name`);
    const flags = this.#takeFlags();
    const data: unknown[] = [ev, ...args];
    const ack = typeof data[data.length - 1] === "function" ? (data.pop() as AnyListener) : undefined;
    this._notifyOutgoing(data);
    this.nsp._out.emit(this, data, flags, ack);
    return true;
  }

  /** Emits, and waits for the browser's acknowledgement. */
  emitWithAck<Ev extends EventNamesWithAck<EmitEvents>>(
    ev: Ev,
    ...args: AllButLast<EventParams<EmitEvents, Ev>>
  ): Promise<FirstNonErrorArg<Last<EventParams<EmitEvents, Ev>>>> {
    const timed = this.#flags.timeout !== undefined;
    return new Promise((resolve, reject) => {
      const ack = timed
        ? (err: Error | null, value: never) => (err ? reject(err) : resolve(value))
        : (value: never) => resolve(value);
      this.emit(ev, ...([...args, ack] as unknown as EventParams<EmitEvents, Ev>));
    });
  }

  send(...args: EventParams<EmitEvents, "message">): this {
    this.emit("message", ...args);
    return this;
  }

  write(...args: EventParams<EmitEvents, "message">): this {
    this.emit("message", ...args);
    return this;
  }

  to(room: Room | Room[]) {
    return this.#operator().to(room);
  }

  in(room: Room | Room[]) {
    return this.#operator().in(room);
  }

  except(room: Room | Room[]) {
    return this.#operator().except(room);
  }

  /** Everybody but this socket. */
  get broadcast() {
    return this.#operator();
  }

  /** The sockets that this process holds, but this one. */
  get local() {
    return this.#operator().local;
  }

  /** The next emit is dropped when something else waits to be written to the browser. */
  get volatile(): this {
    return this.#flag("volatile", true);
  }

  compress(compress: boolean): this {
    return this.#flag("compress", compress);
  }

  /** The next emit's callback gets an error after so many milliseconds. */
  timeout(timeout: number): Socket<ListenEvents, DecorateAcknowledgements<EmitEvents>, ServerSideEvents, SD> {
    this.#flag("timeout", timeout);
    return this as unknown as Socket<ListenEvents, DecorateAcknowledgements<EmitEvents>, ServerSideEvents, SD>;
  }

  #flag<K extends keyof BroadcastFlags>(name: K, value: BroadcastFlags[K]): this {
    this.#flags[name] = value;
    this.#flagged = true;
    return this;
  }

  #takeFlags(): BroadcastFlags {
    if (!this.#flagged) return this.#flags;
    const flags = this.#flags;
    this.#flags = {};
    this.#flagged = false;
    return flags;
  }

  join(rooms: Room | Room[]): Promise<void> | void {
    return this.adapter.addAll(this.id, new Set(Array.isArray(rooms) ? rooms : [rooms]));
  }

  leave(room: Room): Promise<void> | void {
    return this.adapter.del(this.id, room);
  }

  /** @internal Leaves all rooms, its own too. */
  leaveAll(): void {
    const rooms = this.rooms;
    const others = [...rooms].filter((room) => room !== this.id);
    this.adapter.delAll(this.id);
    if (others.length > 0) void this.nsp._out.updateRooms(this.nsp, this.id, [], others);
  }

  /** Leaves the namespace; with `close` the browser's connection ends, with all its namespaces. */
  disconnect(close = false): this {
    if (!this.connected) return this;
    if (close) this.client._disconnect();
    else this._closing("server namespace disconnect", false);
    return this;
  }

  /** Looks at each event before its listeners do, and may change or refuse it. */
  use(fn: (event: Event, next: (err?: Error) => void) => void): this {
    this.#incoming.middlewares.push(fn);
    return this;
  }

  /** @internal */
  override _watchOutgoing(): void {
    this.nsp._watched = true;
  }

  /** @internal A name that programs patch: every event of the browser goes through it. */
  onevent(packet: Packet): void {
    this.#incoming.event(packet);
  }

  /** @internal */
  _deliver(delivery: Delivery): void {
    this.#incoming.take(delivery);
  }

  /** @internal */
  _onerror(err: Error): void {
    this._call("error", [err]);
  }

  /** @internal Ends this side's life; the hub is told unless `close` is undefined. */
  _closing(reason: DisconnectReason, close: boolean | undefined): void {
    if (!this.connected) return;
    if (close !== undefined) this.nsp._out.disconnect(this, close);
    this._onclose(reason);
  }

  /** @internal The socket has left; what its listeners promise is given back. */
  _onclose(reason: DisconnectReason, description?: unknown): Promise<unknown>[] {
    if (!this.connected) return [];
    const leaving = this._call("disconnecting", [reason, description]);
    this._cleanup();
    this.connected = false;
    this.client._check(reason, description);
    const left = this._call("disconnect", [reason, description]);
    return [...(leaving ?? []), ...(left ?? [])];
  }

  /** @internal The socket is another process's by now. */
  _released(reason: string): void {
    if (!this.connected) return;
    this._cleanup();
    this.connected = false;
    this.client._check("transport close");
    this._call("released", [reason]);
  }

  /** @internal */
  _cleanup(): void {
    this._data.stop();
    this.adapter.delAll(this.id);
    this.nsp._remove(this);
    this.client._remove(this as never);
    this.join = () => {};
  }

  #operator() {
    return new BroadcastOperator<DecorateAcknowledgementsWithMultipleResponses<EmitEvents>, SD>(
      this.adapter,
      new Set<Room>(),
      new Set<Room>([this.id]),
      { ...this.#takeFlags() },
    );
  }
}
