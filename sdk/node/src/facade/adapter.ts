import { EventEmitter } from "node:events";
import { checkRooms } from "../core/names.js";
import type { AnyNamespace, AnySocket } from "./any.js";
import type { Outgoing } from "./outgoing.js";
import type { Room, SocketId } from "./reserved.js";

/** What is meant by `to`, `except` and the flags of a call. */
export interface BroadcastOptions {
  rooms: Set<Room>;
  except?: Set<Room>;
  flags?: BroadcastFlags;
}

export interface BroadcastFlags {
  volatile?: boolean;
  compress?: boolean;
  local?: boolean;
  broadcast?: boolean;
  binary?: boolean;
  timeout?: number;
}

/**
 * The rooms of the sockets that this process holds: true in the tick in which a socket joins or leaves. What reaches
 * the sockets of other processes, and browsers at all, goes to the hub.
 *
 * Events: `create-room` (room), `join-room` and `leave-room` (room, id), `delete-room` (room).
 */
export class Adapter extends EventEmitter {
  readonly rooms = new Map<Room, Set<SocketId>>();
  readonly sids = new Map<SocketId, Set<Room>>();
  // biome-ignore lint/suspicious/noExplicitAny: as the reference has it
  readonly nsp: any;
  readonly #out: Outgoing;
  /** Names that are known to the hub by another form: numbers. */
  #aliases: Map<string, Set<Room>> | undefined;

  constructor(nsp: AnyNamespace, out: Outgoing) {
    super();
    this.nsp = nsp;
    this.#out = out;
  }

  init(): void {}

  close(): void {}

  serverCount(): Promise<number> {
    return Promise.resolve(1);
  }

  /** Puts a socket into rooms. */
  addAll(id: SocketId, rooms: Set<Room>): Promise<void> | void {
    checkRooms([...rooms].map(String), "update_rooms.join");
    const added = this._mirror(id, rooms);
    if (added.length > 0) return this.#out.updateRooms(this.nsp, id, added, []);
  }

  /** @internal addAll on this side alone; the rooms in which the socket was not. */
  _mirror(id: SocketId, rooms: Iterable<Room>): Room[] {
    let of = this.sids.get(id);
    if (of === undefined) {
      of = new Set();
      this.sids.set(id, of);
    }
    const added: Room[] = [];
    for (const room of rooms) {
      if (of.has(room)) continue;
      of.add(room);
      added.push(room);
      let members = this.rooms.get(room);
      if (members === undefined) {
        members = new Set();
        this.rooms.set(room, members);
        if (typeof room !== "string") this.#alias(room);
        this.emit("create-room", room);
      }
      members.add(id);
      this.emit("join-room", room, id);
    }
    return added;
  }

  #alias(room: Room): void {
    this.#aliases ??= new Map();
    const known = this.#aliases.get(String(room)) ?? new Set();
    this.#aliases.set(String(room), known.add(room));
  }

  /** @internal The rooms here that the hub knows by a name. */
  _named(name: string): Room[] {
    const others = this.#aliases?.get(name);
    if (others === undefined) return [name];
    return this.rooms.has(name) ? [name, ...others] : [...others];
  }

  /** Takes a socket out of a room. */
  del(id: SocketId, room: Room): Promise<void> | void {
    if (this._unmirror(id, room)) return this.#out.updateRooms(this.nsp, id, [], [room]);
  }

  /** @internal del on this side alone. */
  _unmirror(id: SocketId, room: Room): boolean {
    this.sids.get(id)?.delete(room);
    const members = this.rooms.get(room);
    if (members === undefined || !members.delete(id)) return false;
    this.emit("leave-room", room, id);
    if (members.size === 0 && this.rooms.delete(room)) {
      this.#aliases?.get(String(room))?.delete(room);
      this.emit("delete-room", room);
    }
    return true;
  }

  /** Forgets a socket, which has gone. */
  delAll(id: SocketId): void {
    const rooms = this.sids.get(id);
    if (rooms === undefined) return;
    for (const room of rooms) this._unmirror(id, room);
    this.sids.delete(id);
  }

  socketRooms(id: SocketId): Set<Room> | undefined {
    return this.sids.get(id);
  }

  /** Ids of the sockets in rooms, or of all, of all processes. */
  async sockets(rooms: Set<Room>): Promise<Set<SocketId>> {
    const sockets = (await this.fetchSockets({ rooms })) as { id: SocketId }[];
    return new Set(sockets.map(({ id }) => id));
  }

  /** Sockets of all processes: the program's own objects for those that are here. */
  // biome-ignore lint/suspicious/noExplicitAny: sockets, or details of others
  fetchSockets(opts: BroadcastOptions): Promise<any[]> {
    if (opts.flags?.local) return Promise.resolve(this._local(opts));
    return this.#out.fetch(this.nsp, opts);
  }

  broadcast(packet: { data: unknown[] }, opts: BroadcastOptions): void {
    this.#out.broadcast(this.nsp, packet.data, opts);
  }

  addSockets(opts: BroadcastOptions, rooms: Room[]): void {
    checkRooms(rooms.map(String), "update_rooms.join");
    const local = this._local(opts);
    for (const socket of local) this._mirror(socket.id, rooms);
    this.#out.updateMany(this.nsp, opts, local, rooms, []);
  }

  delSockets(opts: BroadcastOptions, given: Room[]): void {
    const rooms = given.filter((room) => room !== "");
    if (rooms.length === 0) return;
    const local = this._local(opts);
    this.#out.updateMany(this.nsp, opts, local, [], rooms); // before the rooms that it names are empty here
    for (const socket of local) for (const room of rooms) this._unmirror(socket.id, room);
  }

  disconnectSockets(opts: BroadcastOptions, close: boolean): void {
    const local = this._local(opts);
    this.#out.disconnectMany(this.nsp, opts, close);
    for (const socket of local) {
      if (close) socket.client._left();
      else socket._closing("server namespace disconnect", undefined);
    }
  }

  serverSideEmit(packet: unknown[]): void {
    this.#out.serverSideEmit(this.nsp, packet);
  }

  persistSession(): void {}

  restoreSession(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  /** @internal The sockets here that are meant. */
  _local(opts: BroadcastOptions): AnySocket[] {
    const nsp = this.nsp as AnyNamespace;
    const except = new Set<SocketId>();
    for (const room of opts.except ?? []) for (const id of this.rooms.get(room) ?? []) except.add(id);
    const found = new Map<SocketId, AnySocket>();
    const take = (id: SocketId): void => {
      const socket = except.has(id) ? undefined : nsp.sockets.get(id);
      if (socket !== undefined) found.set(id, socket);
    };
    if (opts.rooms.size === 0) for (const id of nsp.sockets.keys()) take(id);
    for (const room of opts.rooms) for (const id of this.rooms.get(room) ?? []) take(id);
    return [...found.values()];
  }
}

/** The methods that an adapter of the program's own may have in place of ours: the questions about who is there. */
const OWN = ["fetchSockets", "sockets", "serverCount", "socketRooms"] as const;

/** What a class that was given to `io.adapter()` has of its own; empty for all that speak to a cluster. */
export function ownMethods(given: unknown): Record<string, unknown> {
  const methods: Record<string, unknown> = {};
  if (typeof given !== "function" || given === Adapter || !given.prototype) return methods;
  for (let proto = given.prototype as object | null; proto !== null; proto = Object.getPrototypeOf(proto)) {
    if (Object.hasOwn(proto, "addAll") || Object.hasOwn(proto, "broadcastWithAck")) break; // the one that it extends
    for (const name of OWN) {
      const own = Object.getOwnPropertyDescriptor(proto, name)?.value;
      if (own !== undefined && !(name in methods)) methods[name] = own;
    }
  }
  return methods;
}
