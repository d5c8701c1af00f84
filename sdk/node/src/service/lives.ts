import type { Delivery } from "../core/delivery.js";
import { Base } from "./base.js";
import type { Handshake } from "./handshake.js";
import type { Socket } from "./socket.js";

export class Connected extends Base {
  readonly socket: Socket;
  readonly handshake: Handshake | undefined;
  readonly connectTime: Date | undefined;
  /** It had joined before this service heard of it. */
  readonly late: boolean;
  /** It came here from another process. */
  readonly moved: boolean;
  /** The browser took up its session. */
  readonly recovered: boolean;
  /** What the client sent, where the accept said `keepAuth`. */
  readonly auth: unknown;
  readonly rooms: string[];
  /** How many rooms are missing in `rooms`, which holds as many as fit. */
  readonly roomsLeftOut: number;

  /** @internal */
  constructor(delivery: Delivery, facts: Omit<Connected, keyof Base>) {
    super(delivery);
    this.socket = facts.socket;
    this.handshake = facts.handshake;
    this.connectTime = facts.connectTime;
    this.late = facts.late;
    this.moved = facts.moved;
    this.recovered = facts.recovered;
    this.auth = facts.auth;
    this.rooms = facts.rooms;
    this.roomsLeftOut = facts.roomsLeftOut;
  }
}

export class Disconnected extends Base {
  readonly socket: Socket;
  /** The reason as Socket.IO's server names it, or `hub lost`. */
  readonly reason: string;
  /** WebSocket close code that the browser's side caused; 0 when there was none. */
  readonly closeCode: number;
  readonly detail: string;
  readonly rooms: string[];
  readonly roomsLeftOut: number;
  readonly disconnectTime: Date | undefined;
  /** Until then the browser may take up its session, and is connected again with `recovered`. */
  readonly recoverableUntil: Date | undefined;

  /** @internal */
  constructor(delivery: Delivery | undefined, facts: Omit<Disconnected, keyof Base>, dedupeId?: string) {
    super(delivery);
    if (dedupeId !== undefined) Object.assign(this, { dedupeId });
    this.socket = facts.socket;
    this.reason = facts.reason;
    this.closeCode = facts.closeCode;
    this.detail = facts.detail;
    this.rooms = facts.rooms;
    this.roomsLeftOut = facts.roomsLeftOut;
    this.disconnectTime = facts.disconnectTime;
    this.recoverableUntil = facts.recoverableUntil;
  }
}

/** A user who has sockets in a namespace at a hub, or has none there any more. */
export interface UserPresence {
  namespace: string;
  user: string;
  hubId: string;
}

/** A room that has sockets of a hub, or has none any more. */
export interface RoomPresence {
  namespace: string;
  room: string;
  hubId: string;
}

export interface RoomsChanged {
  socket: Socket;
  joined: string[];
  left: string[];
}
