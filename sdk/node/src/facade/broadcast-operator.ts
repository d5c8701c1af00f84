import type { Adapter, BroadcastFlags } from "./adapter.js";
import type { Handshake } from "./request.js";
import { RESERVED_EVENTS, type Room, type SocketId } from "./reserved.js";
import type {
  AllButLast,
  DecorateAcknowledgements,
  EventNames,
  EventNamesWithError,
  EventParams,
  EventsMap,
  FirstNonErrorArg,
  Last,
} from "./types.js";

type Flags = BroadcastFlags & { expectSingleResponse?: boolean };
// biome-ignore lint/suspicious/noExplicitAny: arguments of any type
type Ack = (...args: any[]) => void;

/** What `to`, `except` and their like lead to: whom an emit reaches. Each call gives another one. */
export class BroadcastOperator<EmitEvents extends EventsMap, SocketData> {
  /** @internal */
  private readonly adapter: Adapter;
  /** @internal */
  private readonly rooms: Set<Room>;
  /** @internal */
  private readonly exceptRooms: Set<Room>;
  /** @internal */
  private readonly flags: Flags;

  /** @internal */
  constructor(adapter: Adapter, rooms = new Set<Room>(), exceptRooms = new Set<Room>(), flags: Flags = {}) {
    this.adapter = adapter;
    this.rooms = rooms;
    this.exceptRooms = exceptRooms;
    this.flags = flags;
  }

  /** The members of a room too; several calls mean the union, each socket once. */
  to(room: Room | Room[]): BroadcastOperator<EmitEvents, SocketData> {
    return new BroadcastOperator(this.adapter, union(this.rooms, room), this.exceptRooms, this.flags);
  }

  in(room: Room | Room[]): BroadcastOperator<EmitEvents, SocketData> {
    return this.to(room);
  }

  /** Not the members of a room. */
  except(room: Room | Room[]): BroadcastOperator<EmitEvents, SocketData> {
    return new BroadcastOperator(this.adapter, this.rooms, union(this.exceptRooms, room), this.flags);
  }

  compress(compress: boolean): BroadcastOperator<EmitEvents, SocketData> {
    return this.#with({ compress });
  }

  /** Dropped for a browser for which something else waits to be written. */
  get volatile(): BroadcastOperator<EmitEvents, SocketData> {
    return this.#with({ volatile: true });
  }

  /** Only sockets that this process holds. */
  get local(): BroadcastOperator<EmitEvents, SocketData> {
    return this.#with({ local: true });
  }

  /** Milliseconds for which acknowledgements are waited for: at most five minutes. */
  timeout(timeout: number): BroadcastOperator<DecorateAcknowledgements<EmitEvents>, SocketData> {
    return this.#with({ timeout }) as unknown as BroadcastOperator<DecorateAcknowledgements<EmitEvents>, SocketData>;
  }

  #with(flags: Flags): BroadcastOperator<EmitEvents, SocketData> {
    return new BroadcastOperator(this.adapter, this.rooms, this.exceptRooms, { ...this.flags, ...flags });
  }

  emit<Ev extends EventNames<EmitEvents>>(ev: Ev, ...args: EventParams<EmitEvents, Ev>): boolean {
    if (RESERVED_EVENTS.has(ev)) throw new Error(`"${String(ev)}" is a reserved event name`);
    const data: unknown[] = [ev, ...args];
    const opts = { rooms: this.rooms, except: this.exceptRooms, flags: this.flags };
    if (typeof data[data.length - 1] !== "function") {
      this.adapter.broadcast({ data }, opts);
      return true;
    }
    const ack = data.pop() as Ack;
    const single = this.flags.expectSingleResponse;
    this.adapter.nsp._out.broadcastWithAck(this.adapter.nsp, data, opts, (err: Error | null, responses: unknown[]) => {
      ack.apply(this, [err, single ? (err ? null : responses[0]) : responses]);
    });
    return true;
  }

  /** Emits, and waits for all acknowledgements. The error of some that stayed away has the others: `err.responses`. */
  emitWithAck<Ev extends EventNamesWithError<EmitEvents>>(
    ev: Ev,
    ...args: AllButLast<EventParams<EmitEvents, Ev>>
  ): Promise<FirstNonErrorArg<Last<EventParams<EmitEvents, Ev>>>> {
    return new Promise((resolve, reject) => {
      const ack = (err: (Error & { responses?: unknown }) | null, responses: never): void => {
        if (err) reject(Object.assign(err, { responses }));
        else resolve(responses);
      };
      this.emit(ev, ...([...args, ack] as unknown as EventParams<EmitEvents, Ev>));
    });
  }

  /** @deprecated `fetchSockets` says more. */
  allSockets(): Promise<Set<SocketId>> {
    return this.adapter.sockets(this.rooms);
  }

  /** Sockets of all processes: the program's own objects for those that are here. */
  async fetchSockets(): Promise<RemoteSocket<EmitEvents, SocketData>[]> {
    const found = await this.adapter.fetchSockets({ rooms: this.rooms, except: this.exceptRooms, flags: this.flags });
    return found.map((socket) => (socket.nsp ? socket : new RemoteSocket(this.adapter, socket)));
  }

  socketsJoin(room: Room | Room[]): void {
    this.adapter.addSockets({ rooms: this.rooms, except: this.exceptRooms, flags: this.flags }, list(room));
  }

  socketsLeave(room: Room | Room[]): void {
    this.adapter.delSockets({ rooms: this.rooms, except: this.exceptRooms, flags: this.flags }, list(room));
  }

  disconnectSockets(close = false): void {
    this.adapter.disconnectSockets({ rooms: this.rooms, except: this.exceptRooms, flags: this.flags }, close);
  }
}

function list(room: Room | Room[]): Room[] {
  return Array.isArray(room) ? room : [room];
}

function union(rooms: ReadonlySet<Room>, more: Room | Room[]): Set<Room> {
  const all = new Set(rooms);
  for (const room of list(more)) all.add(room);
  return all;
}

/** What is known of a socket that another process holds. */
export interface SocketDetails<SocketData> {
  id: SocketId;
  handshake: Handshake;
  rooms: Room[];
  data: SocketData;
}

/** A socket that another process holds, as it was when it was fetched. */
export class RemoteSocket<EmitEvents extends EventsMap, SocketData> {
  readonly id: SocketId;
  readonly handshake: Handshake;
  readonly rooms: Set<Room>;
  readonly data: SocketData;
  readonly #operator: BroadcastOperator<EmitEvents, SocketData>;

  /** @internal */
  constructor(adapter: Adapter, details: SocketDetails<SocketData>) {
    this.id = details.id;
    this.handshake = details.handshake;
    this.rooms = new Set(details.rooms);
    this.data = details.data;
    this.#operator = new BroadcastOperator(adapter, new Set([this.id]), new Set(), { expectSingleResponse: true });
  }

  timeout(timeout: number): BroadcastOperator<DecorateAcknowledgements<EmitEvents>, SocketData> {
    return this.#operator.timeout(timeout);
  }

  emit<Ev extends EventNames<EmitEvents>>(ev: Ev, ...args: EventParams<EmitEvents, Ev>): boolean {
    return this.#operator.emit(ev, ...args);
  }

  join(room: Room | Room[]): void {
    this.#operator.socketsJoin(room);
  }

  leave(room: Room): void {
    this.#operator.socketsLeave(room);
  }

  disconnect(close = false): this {
    this.#operator.disconnectSockets(close);
    return this;
  }
}
