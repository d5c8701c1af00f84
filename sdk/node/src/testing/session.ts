import { randomBytes } from "node:crypto";
import {
  type AttachRequest,
  AttachResponse,
  Delivery,
  Item,
  type Kind,
  type Result,
  Role,
  type Settlement,
  SocketData,
  Status,
  type Subscription,
} from "../pb/index.js";
import { carryOut } from "./commands.js";
import type { Desk } from "./desk.js";
import { best } from "./interest.js";
import type { Handover, Lane } from "./lane.js";
import type { MemoryCall } from "./memory-call.js";

const MAX_TRIES = 5;
const NOTHING = Buffer.alloc(0);

type Kinds = NonNullable<Item["kind"]>;

/** One instance at the hub: what it has in hands, and what was said to it. It outlives its stream. */
export class Session {
  readonly group: string;
  readonly instance: string;
  readonly subscriptions: readonly Subscription[];
  readonly id = randomBytes(16);
  /** Its stream, while there is one. */
  call: MemoryCall | undefined;
  draining = false;
  readonly #desk: Desk;
  readonly #open = new Map<number, Handover>();
  readonly #settled = new Set<number>();
  /** Versions of the data that it was told, by socket. */
  readonly #known = new Map<string, number>();
  #sent: { seq: number; item: Item }[] = [];
  #number = 0;
  #applied = 1;

  constructor(desk: Desk, group: string, instance: string, subscriptions: readonly Subscription[]) {
    this.#desk = desk;
    this.group = group;
    this.instance = instance;
    this.subscriptions = subscriptions;
  }

  /** Whether it takes new work. */
  get takes(): boolean {
    return this.call !== undefined && !this.draining;
  }

  get busy(): boolean {
    return this.#open.size > 0;
  }

  holds(lane: Lane): boolean {
    for (const handover of this.#open.values()) if (handover.lane === lane) return true;
    return false;
  }

  /** Whether it was told of a socket. */
  knows(id: string): boolean {
    return this.#known.has(id);
  }

  asks(kind: Kind, namespace: string, role = Role.ROLE_HANDLER): boolean {
    return best(this.subscriptions, { role, namespace, kind }) !== undefined;
  }

  hand(handover: Handover, subscription: Subscription): void {
    const seq = this.#desk.next();
    this.#open.set(seq, handover);
    const delivery = Delivery.fromPartial({
      deliverySeq: seq,
      dedupeId: handover.dedupe,
      attempt: handover.attempt,
      subscriptionId: subscription.id,
    });
    delivery.body = handover.body;
    if (handover.browser !== undefined) {
      const socket = handover.browser.socket();
      const known = this.#known.get(socket.id);
      const told = subscription.socketData === SocketData.SOCKET_DATA_ON_CHANGE && known === socket.dataVersion;
      if (told || subscription.socketData === SocketData.SOCKET_DATA_NEVER) socket.data = NOTHING;
      if (handover.subject.role === Role.ROLE_HANDLER) this.#known.set(socket.id, socket.dataVersion);
      delivery.socket = socket;
    }
    this.say({ $case: "delivery", delivery });
  }

  /** The socket is another instance's. */
  release(id: string, reason: string): void {
    this.#known.delete(id);
    this.say({ $case: "released", released: { socketIds: [id], reason } });
  }

  /** Says something, now or when its stream is back. */
  say(kind: Kinds): void {
    this.#desk.changed();
    const item = Item.fromPartial({});
    item.kind = kind;
    this.#sent.push({ seq: ++this.#number, item });
    this.#push(this.#number, item);
  }

  #push(envelopeSeq: number, item: Item): void {
    this.call?.push(AttachResponse.fromPartial({ envelopeSeq, ackEnvelopeSeq: this.#applied, items: [item] }));
  }

  /** Goes on over another stream, behind what the application has applied. */
  resume(call: MemoryCall, applied: number, welcome: (applied: number) => Kinds): void {
    const again = this.#sent.filter(({ seq }) => seq > applied);
    this.call = call;
    this.#number = applied;
    this.#sent = [];
    this.say(welcome(this.#applied));
    for (const { item } of again) if (item.kind?.$case !== "welcome") this.say(item.kind as Kinds);
  }

  /** An envelope of the application. */
  take(envelope: AttachRequest): void {
    this.#desk.changed();
    if (envelope.envelopeSeq > 0) this.#applied = envelope.envelopeSeq;
    this.#sent = this.#sent.filter(({ seq }) => seq > envelope.ackEnvelopeSeq);
    for (const { kind } of envelope.actions) {
      if (kind?.$case === "settlement") this.#settle(kind.settlement);
      else if (kind?.$case === "command") carryOut(this.#desk, this, kind.command);
      else if (kind?.$case === "heartbeat") this.say({ $case: "heartbeat", heartbeat: {} });
      else if (kind?.$case === "drain") this.draining = true;
    }
    if (this.draining) this.#desk.drained(this);
  }

  /** Whether a command may still be made in the handler of a delivery. */
  fenced(seq: number): boolean {
    return seq === 0 || this.#open.has(seq) || this.#settled.has(seq);
  }

  #settle(settlement: Settlement): void {
    const handover = this.#open.get(settlement.deliverySeq);
    if (handover === undefined) {
      const status = Status.fromPartial({ code: 5, reason: "UNKNOWN_DELIVERY" });
      return this.#refuse(settlement.deliverySeq, status);
    }
    this.#open.delete(settlement.deliverySeq);
    this.#settled.add(settlement.deliverySeq);
    const nack = settlement.outcome?.$case === "nack" ? settlement.outcome.nack : undefined;
    if (nack?.retry && handover.attempt < MAX_TRIES) {
      if (handover.lane !== undefined) handover.lane.again(handover, nack.elsewhere);
      else this.#desk.again(handover, nack.elsewhere ? this : undefined);
    } else {
      handover.settled(settlement, this, () => {
        for (const command of settlement.commands) carryOut(this.#desk, this, { ...command, deliverySeq: 0 });
      });
    }
    handover.lane?.pump();
    this.#desk.changed();
  }

  #refuse(deliverySeq: number, status: Status): void {
    this.result({ deliverySeq, status });
  }

  /** Answers a command, or a settlement that failed. */
  result(result: Parameters<typeof resultItem>[0]): void {
    this.say(resultItem(result));
  }

  /** Takes back everything that it had in hands, in order. */
  end(): Handover[] {
    const open = [...this.#open.values()];
    this.#open.clear();
    return open;
  }
}

function resultItem(result: Partial<Result>): Kinds {
  const item = Item.fromPartial({ kind: { $case: "result", result } });
  return item.kind as Kinds;
}
