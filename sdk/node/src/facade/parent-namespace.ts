import { Adapter, type BroadcastOptions } from "./adapter.js";
import type { RemoteSocket } from "./broadcast-operator.js";
import { Namespace } from "./namespace.js";
import type { Server } from "./server.js";
import type { DefaultEventsMap, EventNamesWithoutAck, EventParams, EventsMap } from "./types.js";

let count = 0;

/** Stands for the namespaces that a pattern or a function lets exist. What is registered here holds for each of them. */
export class ParentNamespace<
  ListenEvents extends EventsMap = DefaultEventsMap,
  EmitEvents extends EventsMap = ListenEvents,
  ServerSideEvents extends EventsMap = DefaultEventsMap,
  // biome-ignore lint/suspicious/noExplicitAny: as the reference has it
  SocketData = any,
> extends Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData> {
  /** @internal */
  readonly children = new Set<Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>>();

  /** @internal */
  constructor(server: Server<ListenEvents, EmitEvents, ServerSideEvents, SocketData>) {
    super(server, `/_${count++}`);
  }

  override _initAdapter(): void {
    this.adapter ??= new ParentAdapter(this as never, this._out);
  }

  /** Emits in each of them. */
  override emit<Ev extends EventNamesWithoutAck<EmitEvents>>(ev: Ev, ...args: EventParams<EmitEvents, Ev>): boolean {
    for (const nsp of this.children) nsp.emit(ev, ...args);
    return true;
  }

  /** @internal */
  createChild(name: string): Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData> {
    const child = new Namespace(this.server, name);
    child._fns = this._fns.slice();
    for (const ev of ["connect", "connection"] as const) {
      for (const listener of this.listeners(ev)) child.on(ev, listener as never);
    }
    this.children.add(child);
    if (this.server._opts.cleanupEmptyChildNamespaces) this.#cleanUp(child);
    this.server._nsps.set(name, child);
    this.server.sockets._call("new_namespace", [child]);
    return child;
  }

  /** Forgets a child once its last socket has gone. */
  #cleanUp(child: Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>): void {
    const remove = child._remove;
    child._remove = (socket) => {
      remove.call(child, socket);
      if (child.sockets.size > 0 || child._preConnectSockets.size > 0) return;
      child.adapter.close();
      this.server._nsps.delete(child.name);
      this.children.delete(child);
    };
  }

  override fetchSockets(): Promise<RemoteSocket<EmitEvents, SocketData>[]> {
    throw new Error("fetchSockets() is not supported on parent namespaces");
  }
}

class ParentAdapter extends Adapter {
  override broadcast(packet: { data: unknown[] }, opts: BroadcastOptions): void {
    for (const nsp of (this.nsp as ParentNamespace).children) nsp.adapter.broadcast(packet, opts);
  }
}
