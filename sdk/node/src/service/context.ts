import { AsyncLocalStorage } from "node:async_hooks";
import type { Order } from "../core/command.js";
import type { Delivery } from "../core/delivery.js";

interface Running {
  delivery: Delivery | undefined;
}

const storage = new AsyncLocalStorage<Running>();

/** Runs a handler. What it asks of the hub belongs to its delivery until it ends; what it has begun stands alone then. */
export async function within<T>(delivery: Delivery | undefined, handler: () => T | Promise<T>): Promise<T> {
  const running: Running = { delivery };
  try {
    return await storage.run(running, async () => handler());
  } finally {
    running.delivery = undefined;
  }
}

/** The delivery whose handler is running. */
export function currentDelivery(): Delivery | undefined {
  return storage.getStore()?.delivery;
}

/** A command as part of the handler that makes it. */
export function placed(order: Order): Order {
  const delivery = currentDelivery();
  return delivery === undefined ? order : { ...order, from: delivery };
}

/** Aborts when the delivery of the running handler is revoked, or its attachment ends. Undefined outside of handlers. */
export function handlerSignal(): AbortSignal | undefined {
  return currentDelivery()?.signal;
}
