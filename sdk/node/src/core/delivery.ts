import {
  type Accept,
  Action,
  type Command as CommandMessage,
  DenyReason,
  type Delivery as Message,
  type Nack,
  type Payload,
  type Settlement,
  type Socket,
} from "../pb/index.js";
import { BinaryWriter } from "../pb/wire.js";
import type { Attachment } from "./attachment.js";
import { LeaseLostError } from "./errors.js";
import { Item } from "./item.js";
import type { Member } from "./peer.js";
import { raise } from "./raise.js";

const writer = new BinaryWriter(4096);

/** One delivery in this process's hands. It is settled once; later settlements are told apart and not sent. */
export class Delivery {
  readonly attachment: Attachment;
  readonly message: Message;
  /** What is known of its socket; undefined for attempts, renewals and calls. */
  member: Member | undefined;
  /** An outcome was given. */
  settled = false;
  /** Why it is another try's by now; undefined while it is ours. */
  lost: LeaseLostError | undefined;
  #abort: AbortController | undefined;

  constructor(attachment: Attachment, message: Message) {
    this.attachment = attachment;
    this.message = message;
  }

  get seq(): number {
    return this.message.deliverySeq;
  }

  get socket(): Socket {
    return this.message.socket as Socket;
  }

  /** Aborts when the delivery is revoked or its attachment ends. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.lost !== undefined) this.#abort.abort(this.lost);
    return this.#abort.signal;
  }

  /** The delivery belongs to somebody else. */
  revoke(reason: string): void {
    if (this.lost !== undefined) return;
    this.lost = new LeaseLostError(reason);
    this.#abort?.abort(this.lost);
  }

  /** The handler has ended: nothing has to be cancelled any more. */
  end(): void {
    this.attachment.handled(this);
  }

  /** Dealt with; `ackLater` leaves the browser's acknowledgement open. False when it is settled or lost already. */
  done(ackLater = false): boolean {
    return this.#give(new Item(undefined, 0, false, this.seq, undefined, ackLater));
  }

  /** reply with arguments as JSON, without binaries: most are, and they are encoded where the envelope is. */
  replyJSON(args: string): boolean {
    return this.#give(new Item(undefined, 0, false, this.seq, args));
  }

  reply(payload: Payload): boolean {
    return this.#settle({ $case: "reply", reply: { payload } });
  }

  accept(accept: Accept, commands: CommandMessage[] = []): boolean {
    return this.#settle({ $case: "accept", accept }, commands);
  }

  deny(message: string, data: Buffer): boolean {
    return this.#settle({ $case: "deny", deny: { message, data, reason: DenyReason.DENY_REASON_UNSPECIFIED } });
  }

  denyNamespace(): boolean {
    const reason = DenyReason.DENY_REASON_NAMESPACE_UNKNOWN;
    return this.#settle({ $case: "deny", deny: { message: "", data: Buffer.alloc(0), reason } });
  }

  /** Not dealt with: for good, or to be tried again. */
  nack(message: string, again: Partial<Nack> = {}, code = 2): boolean {
    const status = { code, reason: "", message: message.slice(0, 500), field: "", retryAfter: undefined };
    return this.#settle({
      $case: "nack",
      nack: { retry: false, retryDelay: undefined, elsewhere: false, ...again, status },
    });
  }

  /**
   * What the program wrote has thrown: that is its end, and goes on as an uncaught exception. It is told first: what ends
   * this process would come again elsewhere otherwise, and end that one too.
   */
  fail(error: unknown): void {
    this.nack(String(error));
    this.end();
    void this.attachment.flushed().then(() => raise(error));
  }

  #settle(outcome: Settlement["outcome"], commands: CommandMessage[] = []): boolean {
    if (this.settled || this.lost !== undefined) return false;
    const settlement = { deliverySeq: this.message.deliverySeq, outcome, commands };
    return this.#give(new Item(Action.encode({ kind: { $case: "settlement", settlement } }, writer).finish()));
  }

  #give(item: Item): boolean {
    if (this.settled || this.lost !== undefined) return false;
    this.attachment.fits(item.bytes);
    this.settled = true;
    this.attachment.push(item);
    return true;
  }
}
