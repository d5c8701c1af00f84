import type { Item } from "./item.js";

interface Sent {
  readonly seq: number;
  readonly items: Item[];
  readonly bytes: number;
}

/** What is kept without a receipt; beyond it a broken stream cannot be resumed. */
const KEEP_ITEMS = 65_536;
const KEEP_BYTES = 32 << 20;
/** A batch is closed at these, which are targets and no limits. */
const BATCH_ITEMS = 1024;
const BATCH_BYTES = 64 << 10;

/**
 * What an attachment has to say, in order, and what was said without a receipt. It outlives a stream.
 * Envelopes are numbered 1, 2, 3, …; the hello of a new attachment is number 1.
 */
export class Outbox {
  #queue: Item[] = [];
  #head = 0;
  #sent: Sent[] = [];
  #sentBytes = 0;
  #sentItems = 0;
  #seq = 0;
  #keeps = true;
  /** Bytes that wait to be sent. */
  waiting = 0;

  /** How many actions wait to be sent. */
  get length(): number {
    return this.#queue.length - this.#head;
  }

  /** Whether everything without a receipt is kept. */
  get resumable(): boolean {
    return this.#keeps;
  }

  push(item: Item): void {
    this.#queue.push(item);
    this.waiting += item.size;
  }

  /** Counts an envelope that is not kept: the hello. */
  number(): number {
    return ++this.#seq;
  }

  /** The next envelope's actions with their number; undefined when nothing waits. */
  take(): { seq: number; items: Item[] } | undefined {
    if (this.length === 0) return undefined;
    const items: Item[] = [];
    let bytes = 0;
    while (this.#head < this.#queue.length && items.length < BATCH_ITEMS) {
      const item = this.#queue[this.#head] as Item;
      if (items.length > 0 && bytes + item.size > BATCH_BYTES) break;
      items.push(item);
      bytes += item.size;
      this.#head++;
    }
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    } else if (this.#head > 4096 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    this.waiting -= bytes;
    const seq = ++this.#seq;
    this.#keep({ seq, items, bytes });
    return { seq, items };
  }

  #keep(sent: Sent): void {
    if (!this.#keeps) return;
    this.#sent.push(sent);
    this.#sentBytes += sent.bytes;
    this.#sentItems += sent.items.length;
    if (this.#sentItems > KEEP_ITEMS || this.#sentBytes > KEEP_BYTES) {
      this.#keeps = false;
      this.#sent = [];
    }
  }

  /** Forgets what the hub has applied. */
  receipt(seq: number): void {
    let n = 0;
    for (; n < this.#sent.length; n++) {
      const sent = this.#sent[n] as Sent;
      if (sent.seq > seq) break;
      this.#sentBytes -= sent.bytes;
      this.#sentItems -= sent.items.length;
    }
    if (n > 0) this.#sent.splice(0, n);
  }

  /** Goes on after envelope `seq`, with what was not applied first. False when that is not known any more. */
  rewind(seq: number): boolean {
    if (!this.#keeps || seq > this.#seq) return false;
    this.receipt(seq);
    // They may have arrived: no other hub may get them.
    const again = this.#sent.flatMap((sent) => sent.items.map((item) => item.sent()));
    this.#queue = again.concat(this.#queue.slice(this.#head));
    this.#head = 0;
    this.waiting += again.reduce((sum, item) => sum + item.size, 0);
    this.#sent = [];
    this.#sentBytes = 0;
    this.#sentItems = 0;
    this.#seq = seq;
    return true;
  }

  /** Takes out what has not left and may go to another hub. */
  takeBack(): Item[] {
    const back: Item[] = [];
    const rest: Item[] = [];
    for (let i = this.#head; i < this.#queue.length; i++) {
      const item = this.#queue[i] as Item;
      (item.free ? back : rest).push(item);
    }
    this.#queue = rest;
    this.#head = 0;
    this.waiting = rest.reduce((sum, item) => sum + item.size, 0);
    return back;
  }

  /** Throws everything away; how many actions were neither sent nor taken back. */
  fail(): number {
    const lost = this.length;
    this.#queue = [];
    this.#head = 0;
    this.#sent = [];
    this.waiting = 0;
    return lost;
  }
}
