import { EventEmitter } from "node:events";
import type { Call } from "../core/dial.js";
import type { CallStatus } from "../core/http2-call.js";
import { AttachRequest, AttachResponse } from "../pb/index.js";

/** Who is at the other end of a call. */
export interface Listener {
  /** An envelope of the application. */
  take(call: MemoryCall, envelope: AttachRequest): void;
  /** The application closes its side, or gives the call up. */
  left(call: MemoryCall): void;
}

/** A stream between an application and the hub of a test, in memory: encoded as on the wire, one turn of the loop apart. */
export class MemoryCall extends EventEmitter implements Call {
  readonly #listener: Listener;
  #queue: (Buffer | CallStatus)[] = [];
  #scheduled = false;
  #paused = false;
  #over = false;

  constructor(listener: Listener) {
    super();
    this.#listener = listener;
  }

  write(message: Buffer, left?: () => void): boolean {
    if (left !== undefined) setImmediate(left);
    if (!this.#over) this.#listener.take(this, AttachRequest.decode(message));
    return !this.#over;
  }

  end(): void {
    if (this.#over) return;
    this.#listener.left(this);
    this.finish({ code: 0, details: "" });
  }

  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#queue = [];
    this.#listener.left(this);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  /** The hub says something. */
  push(envelope: AttachResponse): void {
    if (!this.#over) this.#give(AttachResponse.encode(envelope).finish());
  }

  /** The hub ends the call, behind what it has said; a break takes that with it. */
  finish(status: CallStatus, lost = false): void {
    if (this.#over) return;
    this.#over = true;
    if (lost) this.#queue = [];
    this.#give(status);
  }

  #give(next: Buffer | CallStatus): void {
    this.#queue.push(next);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#queue.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      while (!this.#paused && this.#queue.length > 0) {
        const next = this.#queue.shift() as Buffer | CallStatus;
        this.emit(Buffer.isBuffer(next) ? "data" : "status", next);
      }
    });
  }
}
