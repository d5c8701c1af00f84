import { EventEmitter } from "node:events";
import type { RemoteSocket } from "./broadcast-operator.js";
import { StrictEventEmitter } from "./emitter.js";
import type { Middleware, Namespace } from "./namespace.js";
import type { Room, ServerReservedEventsMap, SocketId } from "./reserved.js";
import type {
  AllButLast,
  DecorateAcknowledgementsWithTimeoutAndMultipleResponses,
  EventNames,
  EventNamesWithAck,
  EventParams,
  EventsMap,
  FirstNonErrorArg,
  Last,
  RemoveAcknowledgements,
} from "./types.js";

/** What `io` itself has of the namespace `/`. */
export abstract class MainNamespace<
  ListenEvents extends EventsMap,
  EmitEvents extends EventsMap,
  ServerSideEvents extends EventsMap,
  SocketData,
> extends StrictEventEmitter<
  ServerSideEvents,
  RemoveAcknowledgements<EmitEvents>,
  ServerReservedEventsMap<ListenEvents, EmitEvents, ServerSideEvents, SocketData>
> {
  abstract readonly sockets: Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>;

  use(fn: Middleware<ListenEvents, EmitEvents, ServerSideEvents, SocketData>): this {
    this.sockets.use(fn);
    return this;
  }

  to(room: Room | Room[]) {
    return this.sockets.to(room);
  }

  in(room: Room | Room[]) {
    return this.sockets.in(room);
  }

  except(room: Room | Room[]) {
    return this.sockets.except(room);
  }

  send(...args: EventParams<EmitEvents, "message">): this {
    this.sockets.send(...args);
    return this;
  }

  write(...args: EventParams<EmitEvents, "message">): this {
    return this.send(...args);
  }

  serverSideEmit<Ev extends EventNames<ServerSideEvents>>(
    ev: Ev,
    ...args: EventParams<DecorateAcknowledgementsWithTimeoutAndMultipleResponses<ServerSideEvents>, Ev>
  ): boolean {
    return this.sockets.serverSideEmit(ev, ...args);
  }

  serverSideEmitWithAck<Ev extends EventNamesWithAck<ServerSideEvents>>(
    ev: Ev,
    ...args: AllButLast<EventParams<ServerSideEvents, Ev>>
  ): Promise<FirstNonErrorArg<Last<EventParams<ServerSideEvents, Ev>>>[]> {
    return this.sockets.serverSideEmitWithAck(ev, ...args);
  }

  /** @deprecated `fetchSockets` says more. */
  allSockets(): Promise<Set<SocketId>> {
    return this.sockets.allSockets();
  }

  compress(compress: boolean) {
    return this.sockets.compress(compress);
  }

  get volatile() {
    return this.sockets.volatile;
  }

  get local() {
    return this.sockets.local;
  }

  timeout(timeout: number) {
    return this.sockets.timeout(timeout);
  }

  fetchSockets(): Promise<RemoteSocket<EmitEvents, SocketData>[]> {
    return this.sockets.fetchSockets();
  }

  socketsJoin(room: Room | Room[]): void {
    this.sockets.socketsJoin(room);
  }

  socketsLeave(room: Room | Room[]): void {
    this.sockets.socketsLeave(room);
  }

  disconnectSockets(close = false): void {
    this.sockets.disconnectSockets(close);
  }
}

// `io.on` and its sisters are those of the namespace `/`.
for (const [name, method] of Object.entries(EventEmitter.prototype)) {
  if (typeof method !== "function") continue;
  Object.defineProperty(MainNamespace.prototype, name, {
    configurable: true,
    writable: true,
    value: function (this: MainNamespace<EventsMap, EventsMap, EventsMap, unknown>, ...args: unknown[]): unknown {
      const { sockets } = this;
      const result: unknown = Reflect.apply(
        (sockets as unknown as Record<string, () => unknown>)[name] as () => unknown,
        sockets,
        args,
      );
      return result === sockets ? this : result;
    },
  });
}
