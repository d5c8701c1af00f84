import { UnavailableError } from "./errors.js";
import type { Item } from "./item.js";
import type { Results, Waiter } from "./results.js";

/** What may wait for something: for a hub, for a stream that broke, for a place in the command window. */
export const WAITING_ITEMS = 65_536;
export const WAITING_BYTES = 32 << 20;

interface Waiting {
  item: Item;
  waiter: Waiter;
}

/** Commands whose results somebody waits for, on their way into the hub's window. */
export class WindowQueue {
  readonly #results: Results;
  readonly #push: (item: Item) => void;
  readonly #waiting = new Set<Waiting>();
  #bytes = 0;

  constructor(results: Results, push: (item: Item) => void) {
    this.#results = results;
    this.#push = push;
  }

  add(item: Item, waiter: Waiter): void {
    if (!this.#results.full) return this.#give({ item, waiter });
    if (this.#waiting.size >= WAITING_ITEMS || this.#bytes >= WAITING_BYTES) {
      throw new UnavailableError("too many commands wait for results of others");
    }
    this.#waiting.add({ item, waiter });
    this.#bytes += item.size;
  }

  /** Lets commands in that have waited. */
  next(): void {
    for (const next of this.#waiting) {
      if (this.#results.full) return;
      this.#waiting.delete(next);
      this.#bytes -= next.item.size;
      this.#give(next);
    }
  }

  #give({ item, waiter }: Waiting): void {
    this.#results.add(item.id, waiter);
    this.#push(item);
  }

  /** Takes out all that have waited in vain. */
  takeOut(): Waiting[] {
    const all = [...this.#waiting];
    this.#waiting.clear();
    this.#bytes = 0;
    return all;
  }
}
