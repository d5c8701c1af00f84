import type { BinaryWriter } from "../pb/wire.js";

/**
 * One action that waits to be sent, or for its receipt: encoded, or a settlement that is encoded together with the envelope,
 * which spares a buffer for each event.
 */
export class Item {
  /** The encoded Action; undefined for a settlement. */
  readonly data: Buffer | undefined;
  /** Its command_id; 0 when there is none, and for all that is no command. */
  readonly id: number;
  /** Whether it may go to another hub while it has not left. */
  readonly free: boolean;
  readonly #seq: number;
  /** JSON of a reply's arguments; undefined for done. */
  readonly #reply: string | undefined;
  readonly #later: boolean;

  constructor(data: Buffer | undefined, id = 0, free = false, seq = 0, reply?: string, later = false) {
    this.data = data;
    this.id = id;
    this.free = free;
    this.#seq = seq;
    this.#reply = reply;
    this.#later = later;
  }

  /** About how many bytes it takes: for bounds that are no limits. */
  get size(): number {
    return this.data?.length ?? (this.#reply?.length ?? 0) + 24;
  }

  /** How many bytes it takes at most. */
  get bytes(): number {
    if (this.data !== undefined) return this.data.length;
    const reply = this.#reply ?? "";
    return 40 + (reply.length < 4096 ? reply.length * 3 : Buffer.byteLength(reply));
  }

  /** It may have arrived: no other hub may get it. */
  sent(): Item {
    return this.free ? new Item(this.data, this.id) : this;
  }

  /** Writes it as one of AttachRequest.actions. */
  write(writer: BinaryWriter): void {
    if (this.data !== undefined) {
      writer.uint32(26).bytes(this.data);
      return;
    }
    // Action.settlement {delivery_seq, done {ack_later} or reply {payload {args}}}: by hand, for it is the way of each event.
    writer.uint32(26).fork().uint32(18).fork().uint32(8).uint64(this.#seq);
    if (this.#reply !== undefined) {
      writer.uint32(26).fork().uint32(10).fork().uint32(10).string(this.#reply).join().join();
    } else {
      writer.uint32(18).fork();
      if (this.#later) writer.uint32(8).bool(true);
      writer.join();
    }
    writer.join().join();
  }
}
