import { AsyncLocalStorage } from "node:async_hooks";
import type { Order } from "../core/command.js";
import type { Delivery } from "../core/delivery.js";

interface Running {
  delivery: Delivery | undefined;
  /** The trace context that commands carry. */
  traceparent: string;
  tracestate: string;
}

const storage = new AsyncLocalStorage<Running>();

/** Runs a handler. What it asks of the hub belongs to its delivery until it ends; what it has begun stands alone then. */
export async function within<T>(delivery: Delivery | undefined, handler: () => T | Promise<T>): Promise<T> {
  const { traceparent = "", tracestate = "" } = delivery?.message ?? {};
  const running: Running = { delivery, traceparent, tracestate };
  try {
    return await storage.run(running, async () => handler());
  } finally {
    running.delivery = undefined;
  }
}

/**
 * Runs something whose commands carry a W3C trace context. In a handler they carry that of its delivery without it: this is
 * for a program that has made a span of its own.
 */
export function withTrace<T>(traceparent: string, task: () => T, tracestate = ""): T {
  const outer = storage.getStore();
  const running: Running = {
    get delivery() {
      return outer?.delivery;
    },
    traceparent,
    tracestate,
  };
  return storage.run(running, task);
}

/** A command as part of the handler that makes it. */
export function placed(order: Order): Order {
  const running = storage.getStore();
  if (running === undefined) return order;
  const { delivery, traceparent, tracestate } = running;
  return { traceparent, tracestate, ...order, ...(delivery && { from: delivery }) };
}

/** Aborts when the delivery of the running handler is revoked, or its attachment ends. Undefined outside of handlers. */
export function handlerSignal(): AbortSignal | undefined {
  return storage.getStore()?.delivery?.signal;
}
