import type { Delivery } from "../core/delivery.js";
import { duration } from "../core/hello.js";
import { checkEvent } from "../core/names.js";
import { Accept, Command, Target as TargetMessage } from "../pb/index.js";
import { Base } from "./base.js";
import type { Handshake } from "./handshake.js";
import type { Socket } from "./socket.js";
import { encodeList, encodeValue } from "./values.js";

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

/** @internal The accept as it is sent. */
export function newAccept(accepted: Accepted): Accept {
  const { cache, policy, expires } = accepted;
  return Accept.fromPartial({
    user: accepted.user,
    rooms: accepted.rooms,
    data: encodeValue(accepted.data, "accept.data"),
    expireTime: expires && { seconds: Math.floor(expires.getTime() / 1000), nanos: (expires.getTime() % 1000) * 1e6 },
    refreshBefore: accepted.refreshBefore ? duration(accepted.refreshBefore) : undefined,
    policy,
    keepAuth: accepted.keepAuth,
    cache: cache && { headers: cache.headers, maxAge: duration(cache.maxAge) },
  });
}
