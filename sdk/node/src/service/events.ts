import type { Delivery } from "../core/delivery.js";
import { InvalidError } from "../core/errors.js";
import type { Way } from "../core/line.js";
import { Base } from "./base.js";
import { request } from "./request.js";
import type { Socket } from "./socket.js";
import { encodeList, type Payload } from "./values.js";

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
