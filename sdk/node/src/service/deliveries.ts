import type { Delivery } from "../core/delivery.js";
import { InvalidError } from "../core/errors.js";
import type { Way } from "../core/line.js";
import { checkEvent } from "../core/names.js";
import { Command, Target as TargetMessage } from "../pb/index.js";
import type { Handshake } from "./handshake.js";
import { request } from "./request.js";
import type { Socket } from "./socket.js";
import { encodeList, type Payload } from "./values.js";

/** What goes with an accept; everything may be left out. */
export interface Accepted {
  user?: string;
  rooms?: string[];
  data?: unknown;
  /** When the authorization ends. */
  expires?: Date;
  /** Milliseconds before that at which `onExpiring` is asked. */
  refreshBefore?: number;
  /** What the browser may send; the hub enforces it. */
  policy?: { events?: string[]; eventsPerSecond?: number; burst?: number; bytesPerSecond?: number };
  /** Keeps `auth` for as long as the socket lives. */
  keepAuth?: boolean;
  /** Lets the hub decide the same way by itself. `maxAge` in milliseconds. */
  cache?: { headers?: string[]; maxAge: number };
}

/** What all deliveries have. */
class Base {
  /** 1 on the first try. */
  readonly attempt: number;
  /** The same on each try. */
  readonly dedupeId: string;
  /** Aborts when the work is another try's: what is said afterwards is not heard. */
  get signal(): AbortSignal {
    return this._delivery === undefined ? new AbortController().signal : this._delivery.signal;
  }
  /** The W3C trace context of what caused it; commands of the handler carry it on. Empty when there is none. */
  readonly traceparent: string;
  readonly tracestate: string;
  /** @internal */
  readonly _delivery: Delivery | undefined;

  /** @internal */
  constructor(delivery: Delivery | undefined) {
    this._delivery = delivery;
    this.attempt = delivery?.message.attempt ?? 1;
    this.traceparent = delivery?.message.traceparent ?? "";
    this.tracestate = delivery?.message.tracestate ?? "";
    this.dedupeId = delivery?.message.dedupeId.toString("hex") ?? "";
  }
}

/** A browser that wants to join. */
export class ConnectAttempt extends Base {
  readonly namespace: string;
  readonly socketId: string;
  readonly clientId: string;
  readonly handshake: Handshake | undefined;
  /** What the client sent; undefined when it sent nothing. */
  readonly auth: unknown;
  /** What is to be recovered. */
  readonly recovery: { user: string; rooms: string[]; disconnectTime: Date | undefined } | undefined;
  /** @internal What goes with the accept. */
  readonly _greetings: Command[] = [];

  /** @internal */
  constructor(
    delivery: Delivery,
    facts: Pick<ConnectAttempt, "namespace" | "socketId" | "clientId" | "handshake" | "auth" | "recovery">,
  ) {
    super(delivery);
    this.namespace = facts.namespace;
    this.socketId = facts.socketId;
    this.clientId = facts.clientId;
    this.handshake = facts.handshake;
    this.auth = facts.auth;
    this.recovery = facts.recovery;
  }

  /** Lets the browser receive an event right after it got in, before anything else; nothing when it does not get in. */
  emit(event: string, ...args: unknown[]): void {
    const target = TargetMessage.fromPartial({ namespace: this.namespace, sockets: [this.socketId] });
    const emit = { target, event: checkEvent(event), payload: encodeList(args) };
    this._greetings.push(Command.fromPartial({ op: { $case: "emit", emit } }));
  }
}

export class AuthExpiring extends Base {
  readonly socket: Socket;
  readonly expires: Date | undefined;

  /** @internal */
  constructor(delivery: Delivery, socket: Socket, expires: Date | undefined) {
    super(delivery);
    this.socket = socket;
    this.expires = expires;
  }
}

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

/** Gives the answer to a delivery: the first one counts. */
class Answerable extends Base {
  /** The arguments unseen. */
  readonly payload: Payload;
  #args: unknown[] | undefined;

  /** @internal */
  constructor(delivery: Delivery, payload: Payload) {
    super(delivery);
    this.payload = payload;
  }

  /** The arguments, decoded when they are first looked at. */
  get args(): unknown[] {
    this.#args ??= this.payload.decode();
    return this.#args;
  }

  /** Answers. What is emitted before reaches the browser before it. Throws when there is an answer, or the lease is lost. */
  reply(...args: unknown[]): void {
    const delivery = this._delivery as Delivery;
    if (delivery.lost !== undefined) throw delivery.lost;
    if (delivery.settled) throw new InvalidError("ALREADY_SETTLED", "", "the delivery has its answer");
    delivery.reply(encodeList(args));
  }
}

/** Something that a browser emitted. */
export class Event extends Answerable {
  readonly socket: Socket;
  readonly name: string;
  /** Whether the browser waits for an acknowledgement. */
  readonly wantsAck: boolean;
  readonly receiveTime: Date | undefined;
  readonly #line: () => Way;

  /** @internal */
  constructor(
    delivery: Delivery,
    payload: Payload,
    facts: { socket: Socket; name: string; wantsAck: boolean; receiveTime: Date | undefined },
    line: () => Way,
  ) {
    super(delivery, payload);
    this.socket = facts.socket;
    this.name = facts.name;
    this.wantsAck = facts.wantsAck;
    this.receiveTime = facts.receiveTime;
    this.#line = line;
  }

  /** Settles the event, and gives what acknowledges it later, from anywhere: it is lost with the browser or its hub. */
  ackLater(): (...args: unknown[]) => Promise<void> {
    const delivery = this._delivery as Delivery;
    if (delivery.lost !== undefined) throw delivery.lost;
    delivery.done(true);
    const { dedupeId } = delivery.message;
    const at = delivery.attachment.peer.hubId;
    return async (...args) => {
      await request(this.#line(), { op: { $case: "acknowledge", acknowledge: { dedupeId, payload: encodeList(args) } }, at });
    };
  }
}

/** A call of another service. */
export class Call extends Answerable {
  readonly group: string;
  readonly namespace: string;
  readonly name: string;
  readonly wantsAnswer: boolean;

  /** @internal */
  constructor(
    delivery: Delivery,
    payload: Payload,
    facts: { group: string; namespace: string; name: string; wantsAnswer: boolean },
  ) {
    super(delivery, payload);
    this.group = facts.group;
    this.namespace = facts.namespace;
    this.name = facts.name;
    this.wantsAnswer = facts.wantsAnswer;
  }
}
