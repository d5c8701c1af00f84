import type { AttachResponse, Item as HubItem, Result, Welcome } from "../pb/index.js";
import { unknownField } from "./capability.js";
import type { Core } from "./core.js";
import { Delivery } from "./delivery.js";
import { type HubError, OutcomeUnknownError, statusError, TooLargeError } from "./errors.js";
import type { Item } from "./item.js";
import type { Link } from "./link.js";
import { hear } from "./notice.js";
import { Outbox } from "./outbox.js";
import type { Peer } from "./peer.js";
import { guarded, raise } from "./raise.js";
import { Results, type Waiter } from "./results.js";
import type { Stream } from "./stream.js";
import { WAITING_BYTES, WAITING_ITEMS, WindowQueue } from "./window.js";

/** How long the hub keeps an attachment whose stream broke, in milliseconds. */
const RESUME_WINDOW = 30_000;
const DEFAULT_ENVELOPE = 4 << 20;

/**
 * This process at one hub, for as long as both remember it. It outlives a stream that breaks: what is queued stays
 * queued, handlers go on and settle, and commands wait for their results until the next stream takes it up.
 *
 *              stream ends              Welcome.resumed
 *   attached ───────────────► suspended ────────────────► attached
 *                                 │ not resumed, or 30 s
 *                                 ▼
 *                               ended: handlers cancelled, outcomes unknown
 */
export class Attachment {
  readonly core: Core;
  readonly link: Link;
  readonly peer: Peer;
  /** For Hello.resume; empty when the hub cannot resume. */
  readonly id: Buffer;
  readonly capabilities: readonly string[];
  readonly maxEnvelope: number;
  readonly out = new Outbox();
  readonly results: Results;
  /** Number of the last envelope of the hub that was applied. */
  received = 0;
  /** Its stream, while there is one. */
  stream: Stream | undefined;
  /** Deliveries in this process's hands, until their handlers have ended. */
  readonly #open = new Map<number, Delivery>();
  /** Commands without a place in the hub's window. */
  readonly #queue: WindowQueue;
  #ended = false;
  #until = 0;
  #expiry: NodeJS.Timeout | undefined;

  constructor(link: Link, peer: Peer, welcome: Welcome) {
    this.core = link.core;
    this.link = link;
    this.peer = peer;
    this.id = Buffer.from(welcome.attachment);
    this.capabilities = welcome.capabilities;
    this.maxEnvelope = welcome.maxEnvelopeBytes || DEFAULT_ENVELOPE;
    this.results = new Results(Math.min(Math.max(welcome.commandWindow, 1), 65_536));
    this.#queue = new WindowQueue(this.results, (item) => this.push(item));
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Whether there is something for which a stream is worth waiting. */
  get busy(): boolean {
    return this.out.length > 0 || this.results.size > 0 || this.#open.size > 0;
  }

  /**
   * Whether too much waits for its next stream. While there is one nothing has to be counted: what a browser causes is
   * bounded by the window of deliveries, whose settlements stand in the same queue.
   */
  get crowded(): boolean {
    return this.stream === undefined && (this.out.length >= WAITING_ITEMS || this.out.waiting >= WAITING_BYTES);
  }

  /** Throws a TooLargeError for what the hub does not take. */
  fits(bytes: number): void {
    if (bytes + 64 > this.maxEnvelope) throw new TooLargeError(bytes, this.maxEnvelope);
  }

  push(item: Item): void {
    if (this.#ended) return;
    this.out.push(item);
    this.stream?.flush();
  }

  /**
   * Queues a command whose result somebody waits for; it waits for a place in the hub's window. Throws an UnavailableError
   * when too many do: browsers that owe acknowledgements keep their places for as long as those are waited for.
   */
  ask(item: Item, waiter: Waiter): void {
    this.#queue.add(item, waiter);
  }

  /** Applies an envelope. */
  apply(envelope: AttachResponse): void {
    if (envelope.ackEnvelopeSeq > 0) this.out.receipt(envelope.ackEnvelopeSeq);
    const seq = envelope.envelopeSeq;
    if (seq !== 0 && seq <= this.received) return; // applied before the stream broke
    for (const item of envelope.items)
      guarded(
        () => this.item(item),
        (error) => this.#failed(item, error),
      );
    if (seq !== 0) this.received = seq;
  }

  /** What the program wrote has thrown. A delivery has its end by it, so that it comes to nobody else. */
  #failed({ kind }: HubItem, error: unknown): void {
    const delivery = kind?.$case === "delivery" ? this.#open.get(kind.delivery.deliverySeq) : undefined;
    if (delivery === undefined) return raise(error);
    this.core.program.failed?.(delivery);
    delivery.fail(error);
  }

  /** Resolves once what was said has left this process, as far as that is possible. */
  flushed(): Promise<void> {
    return this.stream?.flushed() ?? Promise.resolve();
  }

  item(item: HubItem): void {
    const kind = item.kind;
    switch (kind?.$case) {
      case "delivery":
        this.#deliver(new Delivery(this, kind.delivery));
        break;
      case "result":
        this.#result(kind.result);
        break;
      case "notice":
        hear(this, kind.notice);
        break;
      case "revoked":
        this.revoke(kind.revoked.deliverySeqs, kind.revoked.reason);
        break;
      case "released":
        for (const member of this.peer.release(kind.released.socketIds)) {
          guarded(() => this.core.program.released(member, kind.released.reason));
        }
        break;
      case "observation":
        this.core.program.observe?.(kind.observation);
        break;
      case "drain":
        this.core.log.info("the hub drains", { hub: this.peer.hubId, reason: kind.drain.reason });
        break;
    }
  }

  #deliver(delivery: Delivery): void {
    if (this.stream?.finished) return; // it is another instance's
    const body = delivery.message.body?.$case;
    if (body === "event") {
      delivery.member = this.peer.whose(delivery.message);
    } else if (body === "disconnected") {
      delivery.member = this.peer.meet(delivery.socket);
    } else if (body === "connected") {
      delivery.member = this.peer.introduce(delivery.message);
      if (!delivery.member.gone) this.core.hubs.cameBack(this.peer, delivery.socket.id);
    }
    this.#open.set(delivery.seq, delivery);
    this.core.program.deliver(delivery);
  }

  handled(delivery: Delivery): void {
    this.#open.delete(delivery.seq);
    if (this.#open.size === 0) this.core.idle();
  }

  get running(): number {
    return this.#open.size;
  }

  #result(result: Result): void {
    if (result.deliverySeq === 0) {
      try {
        this.results.deliver(result);
      } finally {
        this.#queue.next();
      }
      return;
    }
    const error = unknownField(statusError(result.status), "Settlement");
    if (error === undefined) return;
    this.core.program.refused?.(result.deliverySeq);
    const fields = { hub: this.peer.hubId, delivery: result.deliverySeq, reason: error.reason, field: error.field, err: error };
    const late = ["ABORTED", "CANCELLED", "NOT_FOUND", "ALREADY_EXISTS"].includes(error.code);
    if (late) this.core.log.debug("the hub has no use for an answer", fields);
    else this.core.log.error("the hub does not take an answer", fields);
  }

  revoke(seqs: readonly number[], reason: string): void {
    for (const seq of seqs) {
      const delivery = this.#open.get(seq);
      if (delivery === undefined) continue;
      delivery.revoke(reason);
      this.core.program.revoked?.(delivery);
    }
  }

  /** Waits for its next stream. */
  suspend(): void {
    if (this.#ended || this.#expiry !== undefined) return;
    if (this.#until === 0) this.#until = Date.now() + RESUME_WINDOW;
    this.#expiry = setTimeout(() => {
      this.end("lost");
      this.core.runner.nudge();
    }, this.#until - Date.now());
  }

  /** Stops the wait. False when it took too long, or the hub was taken for lost meanwhile. */
  wake(): boolean {
    clearTimeout(this.#expiry);
    this.#expiry = undefined;
    return !this.#ended;
  }

  /** Goes on where the last stream ended; `seq` is the number of the welcome's envelope. */
  takeUp(welcome: Welcome, seq: number): boolean {
    if (!this.out.rewind(welcome.ackEnvelopeSeq)) return false;
    this.#until = 0;
    if (seq === this.received + 1) this.received = seq;
    this.revoke(welcome.revoked, "MOVED");
    return true;
  }

  /** Takes everything back that was given out. Commands that have not left go to another hub. */
  end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#expiry);
    this.core.line.forget(this);
    const lost = this.out.fail();
    for (const delivery of this.#open.values()) {
      delivery.revoke(reason);
      this.core.program.revoked?.(delivery);
    }
    this.#open.clear();
    this.results.fail((): HubError => new OutcomeUnknownError());
    for (const { item, waiter } of this.#queue.takeOut()) this.core.line.again(item, waiter);
    if (lost > 0) this.core.log.debug("the attachment ended before everything was sent", { hub: this.peer.hubId, lost });
    this.core.idle();
  }
}
