import type { Delivery } from "../core/delivery.js";

/**
 * For how long a delivery waits for the promises of its listeners, in milliseconds. A listener that takes longer goes on;
 * its event is settled, and is not repeated when the process is lost afterwards.
 */
const PATIENCE = 30_000;

const waiting = new Map<Delivery, { open: boolean; since: number }>();
let timer: NodeJS.Timeout | undefined;

/** Keeps a delivery for somebody who may never say that it is done: a middleware that drops it. */
export function hold(delivery: Delivery, open: boolean): void {
  waiting.set(delivery, { open, since: Date.now() });
  timer ??= setInterval(sweep, PATIENCE / 10).unref();
}

/** Settles a delivery once what its listeners have promised is done. `open` leaves the browser's acknowledgement open. */
export function settleAfter(delivery: Delivery, promises: Promise<unknown>[] | undefined, open: boolean): void {
  if (promises === undefined || promises.length === 0) {
    if (waiting.size > 0) waiting.delete(delivery);
    delivery.done(open);
    delivery.end();
    return;
  }
  waiting.delete(delivery); // to the end of those that wait
  hold(delivery, open);
  const all = promises.length === 1 ? (promises[0] as Promise<unknown>) : Promise.all(promises);
  all.then(
    () => over(delivery, () => delivery.done(open)),
    async (error) => {
      over(delivery, () => delivery.nack(String(error)));
      await delivery.attachment.flushed(); // see Delivery.fail
      throw error; // an unhandled rejection, as it would be without the kit
    },
  );
}

function over(delivery: Delivery, settle: () => void): void {
  if (!waiting.delete(delivery)) return;
  settle();
  delivery.end();
}

function sweep(): void {
  const before = Date.now() - PATIENCE;
  for (const [delivery, { open, since }] of waiting) {
    if (since > before) break; // the others are younger
    over(delivery, () => delivery.done(open));
  }
  if (waiting.size === 0) {
    clearInterval(timer);
    timer = undefined;
  }
}
