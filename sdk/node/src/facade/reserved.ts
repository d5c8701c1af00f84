import type { Namespace } from "./namespace.js";
import type { Socket } from "./socket.js";
import type { EventsMap } from "./types.js";

/** Why a socket has gone, in the words of Socket.IO. */
export type DisconnectReason =
  | "transport error"
  | "transport close"
  | "forced close"
  | "ping timeout"
  | "parse error"
  | "server shutting down"
  | "forced server close"
  | "client namespace disconnect"
  | "server namespace disconnect";

/** What a socket itself tells. */
export interface SocketReservedEventsMap {
  /** It has left. `description` has what only the hub knows, such as `hub lost` or `authorization expired`. */
  // biome-ignore lint/suspicious/noExplicitAny: as the reference has it
  disconnect: (reason: DisconnectReason, description?: any) => void;
  /** It is leaving: its rooms are still there. */
  // biome-ignore lint/suspicious/noExplicitAny: as the reference has it
  disconnecting: (reason: DisconnectReason, description?: any) => void;
  error: (err: Error) => void;
  /** It lives on at another process, which has a socket with `moved` for it. Only behind a hub. */
  released: (reason: string) => void;
}

/** What a namespace itself tells. */
export interface NamespaceReservedEventsMap<L extends EventsMap, E extends EventsMap, S extends EventsMap, D> {
  connect: (socket: Socket<L, E, S, D>) => void;
  connection: (socket: Socket<L, E, S, D>) => void;
}

export interface ServerReservedEventsMap<L extends EventsMap, E extends EventsMap, S extends EventsMap, D>
  extends NamespaceReservedEventsMap<L, E, S, D> {
  new_namespace: (namespace: Namespace<L, E, S, D>) => void;
}

/** Names that mean something to Socket.IO itself: no program emits them to browsers. */
export const RESERVED_EVENTS: ReadonlySet<unknown> = new Set([
  "connect",
  "connect_error",
  "disconnect",
  "disconnecting",
  "newListener",
  "removeListener",
]);

/** Names that no program emits to other processes. */
export const RESERVED_SERVER_EVENTS: ReadonlySet<unknown> = new Set(["connect", "connection", "new_namespace"]);

/** An error with something for the browser: `err.data` of its `connect_error`. */
export interface ExtendedError extends Error {
  // biome-ignore lint/suspicious/noExplicitAny: as the reference has it
  data?: any;
}

export type SocketId = string;
/** A room. A number is another room than its text on this side; the hub knows both by the text. */
export type Room = string;
