import { ConfigError } from "../core/errors.js";
import type { Way } from "../core/line.js";
import { HandshakeDetail } from "../pb/index.js";
import type { Accepted, AuthExpiring, ConnectAttempt } from "./decisions.js";
import type { Call, Event } from "./events.js";
import type { Connected, Disconnected, RoomPresence, RoomsChanged, UserPresence } from "./lives.js";
import type { Socket } from "./socket.js";
import { Target } from "./target.js";

/** Patterns that one subscription may have. */
export const MAX_PATTERNS = 256;

/** How much of the browser's request is told. */
export const HANDSHAKES = {
  none: HandshakeDetail.HANDSHAKE_DETAIL_NONE,
  redacted: HandshakeDetail.HANDSHAKE_DETAIL_REDACTED,
  full: HandshakeDetail.HANDSHAKE_DETAIL_FULL,
};

type Maybe<T> = T | Promise<T>;

/** What a namespace asks of the hub beside its handlers. */
export interface NamespaceOptions {
  /** When `connected` comes: as sockets join, with their first event, for all live ones when this process attaches, or also when a socket moves here. */
  introduction?: "onConnect" | "onEvent" | "onAttach" | "onInstance";
  /** What `connected` has of the browser's request. Default none; `redacted` is without cookies and credentials. */
  handshake?: "none" | "redacted" | "full";
  /** Keeps `socket.rooms` true. */
  trackRooms?: boolean;
  /** The next delivery of a socket comes only after the one before was settled. */
  strict?: boolean;
  /** What happens when too many events of a socket wait. Default: its browser is not read further. */
  overflow?: "pause" | "reject" | "dropOldest" | "disconnect";
  /** Milliseconds after which a delivery is taken back; 0 means never. */
  settleTimeout?: number;
  /** Milliseconds for which a `disconnected` is held back: one that comes back meanwhile cancels both. */
  disconnectGrace?: number;
  /** Milliseconds after which another process is asked about a connect attempt as well. */
  decisionTimeout?: number;
}

export interface HandlerOptions {
  /** Runs beside other handlers of the same socket. */
  concurrent?: boolean;
  /** An event that is lost with this process does not come again. */
  atMostOnce?: boolean;
}

export type EventHandler = (event: Event) => Maybe<void>;

/** @internal */
export interface EventEntry extends HandlerOptions {
  pattern: string;
  run: EventHandler;
}

/** @internal What a program has registered. */
export interface Handlers {
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing accepts
  connect?: (attempt: ConnectAttempt) => Maybe<Accepted | undefined | void>;
  connected?: (connected: Connected) => Maybe<void>;
  disconnect?: (disconnected: Disconnected) => Maybe<void>;
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing renews
  expiring?: (expiring: AuthExpiring) => Maybe<Accepted | undefined | void>;
  released?: (socket: Socket, reason: string) => Maybe<void>;
  rooms?: (changed: RoomsChanged) => Maybe<void>;
  upgraded?: (socket: Socket, transport: string) => Maybe<void>;
  userPresent?: (presence: UserPresence) => Maybe<void>;
  userAbsent?: (presence: UserPresence) => Maybe<void>;
  occupancy: { patterns: string[]; occupied: boolean; run: (presence: RoomPresence) => Maybe<void> }[];
  calls: Map<string, (call: Call) => Maybe<unknown>>;
  exact: Map<string, EventEntry>;
  prefixes: EventEntry[];
}

/** A namespace, or a pattern of them: what happens there, and the way to everybody in it. */
export class Namespace extends Target {
  readonly name: string;
  /** @internal */
  readonly options: NamespaceOptions;
  /** @internal */
  readonly handlers: Handlers = { occupancy: [], calls: new Map(), exact: new Map(), prefixes: [] };
  /** @internal Who decides: a handler of ours, everybody gets in, or another service. */
  decision: "handler" | "anyone" | "elsewhere" | undefined;
  /** @internal */
  readonly line: () => Way;

  /** @internal */
  constructor(line: () => Way, name: string, options: NamespaceOptions) {
    if (!name.startsWith("/") && name !== "*") throw new ConfigError(`namespace ${name}`, "begins with a slash");
    super(line, { namespace: name });
    this.line = line;
    this.name = name;
    this.options = options;
  }

  /** Decides who gets in: what is returned goes with the accept, a Deny that is thrown refuses. */
  onConnect(handler: NonNullable<Handlers["connect"]>): this {
    this.decision = "handler";
    this.handlers.connect = handler;
    return this;
  }

  /** Lets everybody in. */
  allowAnyone(): this {
    this.decision = "anyone";
    this.handlers.connect = () => undefined;
    return this;
  }

  /** Another service, or the hub itself, decides who gets in. */
  authorizedElsewhere(): this {
    this.decision = "elsewhere";
    return this;
  }

  /** Handles an event: a name, or a prefix followed by `*`. Handlers of one socket run one at a time and in order. */
  on(event: string, handler: EventHandler): this;
  on(event: string, options: HandlerOptions, handler: EventHandler): this;
  on(event: string, first: HandlerOptions | EventHandler, second?: EventHandler): this {
    const run = typeof first === "function" ? first : (second as EventHandler);
    const entry: EventEntry = { ...(typeof first === "function" ? {} : first), pattern: event, run };
    if (event.endsWith("*")) this.handlers.prefixes.push(entry);
    else this.handlers.exact.set(event, entry);
    return this;
  }

  onConnected(handler: NonNullable<Handlers["connected"]>): this {
    this.handlers.connected = handler;
    return this;
  }

  /** A socket has left; also with its hub, reason `hub lost`. */
  onDisconnect(handler: NonNullable<Handlers["disconnect"]>): this {
    this.handlers.disconnect = handler;
    return this;
  }

  /** Asked before an authorization ends: what is returned renews it. */
  onExpiring(handler: NonNullable<Handlers["expiring"]>): this {
    this.handlers.expiring = handler;
    return this;
  }

  /** A socket went to another process of the service. */
  onReleased(handler: NonNullable<Handlers["released"]>): this {
    this.handlers.released = handler;
    return this;
  }

  onRooms(handler: NonNullable<Handlers["rooms"]>): this {
    this.handlers.rooms = handler;
    return this;
  }

  onUpgraded(handler: NonNullable<Handlers["upgraded"]>): this {
    this.handlers.upgraded = handler;
    return this;
  }

  /**
   * A user has a first socket in the namespace at a hub, or had one when this process attached. Told for each hub
   * (`hubId`): a user is there while present at any.
   */
  onUserPresent(handler: NonNullable<Handlers["userPresent"]>): this {
    this.handlers.userPresent = handler;
    return this;
  }

  /** A user's last socket at a hub has gone, `disconnectGrace` ago. A hub that is lost takes its users along (`hubs`). */
  onUserAbsent(handler: NonNullable<Handlers["userAbsent"]>): this {
    this.handlers.userAbsent = handler;
    return this;
  }

  /** A room that one of the patterns takes (names, or prefixes followed by `*`) has a first socket at a hub. */
  onRoomOccupied(patterns: string | string[], handler: (presence: RoomPresence) => Maybe<void>): this {
    return this.#occupancy(patterns, true, handler);
  }

  /** The last socket of a hub has left a room. */
  onRoomVacated(patterns: string | string[], handler: (presence: RoomPresence) => Maybe<void>): this {
    return this.#occupancy(patterns, false, handler);
  }

  #occupancy(patterns: string | string[], occupied: boolean, run: (presence: RoomPresence) => Maybe<void>): this {
    this.handlers.occupancy.push({ patterns: [patterns].flat(), occupied, run });
    return this;
  }

  /** Answers calls of other services: an array that is returned is the answer's arguments, undefined answers nothing. */
  onCall(name: string, handler: (call: Call) => Maybe<unknown>): this {
    this.handlers.calls.set(name, handler);
    return this;
  }
}
