import { Adapter, ownMethods } from "./adapter.js";
import { BroadcastOperator } from "./broadcast-operator.js";
import { StrictEventEmitter } from "./emitter.js";
import { once } from "./once.js";
import type { Outgoing } from "./outgoing.js";
import { Pending } from "./pending.js";
import {
  type ExtendedError,
  type NamespaceReservedEventsMap,
  RESERVED_SERVER_EVENTS,
  type Room,
  type SocketId,
} from "./reserved.js";
import type { Server } from "./server.js";
import type { Socket } from "./socket.js";
import type {
  AllButLast,
  DecorateAcknowledgementsWithMultipleResponses,
  DecorateAcknowledgementsWithTimeoutAndMultipleResponses,
  DefaultEventsMap,
  EventNames,
  EventNamesWithAck,
  EventNamesWithoutAck,
  EventParams,
  EventsMap,
  FirstNonErrorArg,
  Last,
  RemoveAcknowledgements,
} from "./types.js";

/** A middleware of a namespace: it lets a socket in by `next()`, and refuses it by `next(err)`. */
export type Middleware<L extends EventsMap, E extends EventsMap, S extends EventsMap, D> = (
  socket: Socket<L, E, S, D>,
  next: (err?: ExtendedError) => void,
) => void;

/** A namespace: the sockets of it that this process holds, and the way to all of them. */
export class Namespace<
  ListenEvents extends EventsMap = DefaultEventsMap,
  EmitEvents extends EventsMap = ListenEvents,
  ServerSideEvents extends EventsMap = DefaultEventsMap,
  // biome-ignore lint/suspicious/noExplicitAny: as the reference has it
  SocketData = any,
> extends StrictEventEmitter<
  ServerSideEvents,
  RemoveAcknowledgements<EmitEvents>,
  NamespaceReservedEventsMap<ListenEvents, EmitEvents, ServerSideEvents, SocketData>
> {
  readonly name: string;
  readonly server: Server<ListenEvents, EmitEvents, ServerSideEvents, SocketData>;
  /** The connected sockets that this process holds. */
  readonly sockets = new Map<SocketId, Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>>();
  adapter!: Adapter;
  /** @internal Sockets that are not connected yet. */
  readonly _preConnectSockets = new Map<SocketId, Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>>();
  /** @internal */
  _fns: Middleware<ListenEvents, EmitEvents, ServerSideEvents, SocketData>[] = [];
  /** @internal */
  readonly _out: Outgoing;
  /** @internal */
  readonly _pending = new Pending();
  /** @internal A socket listens to what is sent to it. */
  _watched = false;
  /** @internal */
  _ids = 0;

  /** @internal */
  constructor(server: Server<ListenEvents, EmitEvents, ServerSideEvents, SocketData>, name: string) {
    super();
    this.server = server;
    this.name = name;
    this._out = server._bridge.out;
    this._initAdapter();
  }

  /** @internal */
  _initAdapter(): void {
    this.adapter ??= new Adapter(this as never, this._out);
    Object.assign(this.adapter, ownMethods(this.server.adapter()));
  }

  /** @internal */
  _socket(id: SocketId): Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData> | undefined {
    return this.sockets.get(id) ?? this._preConnectSockets.get(id);
  }

  /** Registers what each socket passes on its way in, in this order. */
  use(fn: Middleware<ListenEvents, EmitEvents, ServerSideEvents, SocketData>): this {
    this._fns.push(fn);
    return this;
  }

  /** @internal Lets a socket pass the middlewares. */
  _run(socket: Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>, done: (err?: ExtendedError) => void): void {
    const fns = this._fns.slice();
    const step = (i: number): void => {
      const fn = fns[i];
      if (fn === undefined) return done();
      fn(
        socket,
        once((err) => (err ? done(err) : step(i + 1))),
      );
    };
    step(0);
  }

  /** @internal The socket is in: the program hears of it. What its listeners promise is given back. */
  _connect(socket: Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>): Promise<unknown>[] {
    this._preConnectSockets.delete(socket.id);
    this.sockets.set(socket.id, socket);
    socket.connected = true;
    socket._early = undefined;
    this.adapter._mirror(socket.id, [socket.id]);
    socket.client._add(socket as never);
    return [...(this._call("connect", [socket]) ?? []), ...(this._call("connection", [socket]) ?? [])];
  }

  /** @internal */
  _remove(socket: Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>): void {
    if (this.sockets.get(socket.id) === socket) this.sockets.delete(socket.id);
    else if (this._preConnectSockets.get(socket.id) === socket) this._preConnectSockets.delete(socket.id);
  }

  /** @internal */
  _operator(): BroadcastOperator<DecorateAcknowledgementsWithMultipleResponses<EmitEvents>, SocketData> {
    return new BroadcastOperator(this.adapter);
  }

  to(room: Room | Room[]) {
    return this._operator().to(room);
  }

  in(room: Room | Room[]) {
    return this._operator().in(room);
  }

  except(room: Room | Room[]) {
    return this._operator().except(room);
  }

  override emit<Ev extends EventNamesWithoutAck<EmitEvents>>(ev: Ev, ...args: EventParams<EmitEvents, Ev>): boolean {
    return new BroadcastOperator<EmitEvents, SocketData>(this.adapter).emit(ev, ...args);
  }

  send(...args: EventParams<EmitEvents, "message">): this {
    new BroadcastOperator<EmitEvents, SocketData>(this.adapter).emit("message", ...args);
    return this;
  }

  write(...args: EventParams<EmitEvents, "message">): this {
    return this.send(...args);
  }

  /** Emits to the other processes of the service; their namespace objects hear it. */
  serverSideEmit<Ev extends EventNames<ServerSideEvents>>(
    ev: Ev,
    ...args: EventParams<DecorateAcknowledgementsWithTimeoutAndMultipleResponses<ServerSideEvents>, Ev>
  ): boolean {
    if (RESERVED_SERVER_EVENTS.has(ev)) throw new Error(`"${String(ev)}" is a reserved event name`);
    this.adapter.serverSideEmit([ev, ...(args as unknown[])]);
    return true;
  }

  /** serverSideEmit, and waits for what all the others say. The error of some that stayed away has the others' answers. */
  serverSideEmitWithAck<Ev extends EventNamesWithAck<ServerSideEvents>>(
    ev: Ev,
    ...args: AllButLast<EventParams<ServerSideEvents, Ev>>
  ): Promise<FirstNonErrorArg<Last<EventParams<ServerSideEvents, Ev>>>[]> {
    return new Promise((resolve, reject) => {
      const ack = (err: Error | null, responses: never[]): void => {
        if (err) reject(Object.assign(err, { responses }));
        else resolve(responses);
      };
      if (RESERVED_SERVER_EVENTS.has(ev)) throw new Error(`"${String(ev)}" is a reserved event name`);
      this.adapter.serverSideEmit([ev, ...args, ack]);
    });
  }

  /** @internal Another process emits; what the listeners promise is given back. */
  _onServerSideEmit(args: [string, ...unknown[]]): Promise<unknown>[] | undefined {
    return this._call(args[0], args.slice(1));
  }

  /** @deprecated `fetchSockets` says more. */
  allSockets(): Promise<Set<SocketId>> {
    return this._operator().allSockets();
  }

  compress(compress: boolean) {
    return this._operator().compress(compress);
  }

  get volatile() {
    return this._operator().volatile;
  }

  get local() {
    return this._operator().local;
  }

  timeout(timeout: number) {
    return this._operator().timeout(timeout);
  }

  /** Sockets of all processes: the program's own objects for those that are here. */
  fetchSockets() {
    return new BroadcastOperator<EmitEvents, SocketData>(this.adapter).fetchSockets();
  }

  socketsJoin(room: Room | Room[]): void {
    this._operator().socketsJoin(room);
  }

  socketsLeave(room: Room | Room[]): void {
    this._operator().socketsLeave(room);
  }

  disconnectSockets(close = false): void {
    this._operator().disconnectSockets(close);
  }
}
