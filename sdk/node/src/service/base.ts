import type { Delivery } from "../core/delivery.js";

/** What all deliveries have. */
export class Base {
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
