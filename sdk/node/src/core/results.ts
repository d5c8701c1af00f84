import type { Result } from "../pb/index.js";
import type { HubError } from "./errors.js";

/** Who waits for what comes of a command. `parts` are the results before the last one. */
export interface Waiter {
  /** Gets each part as it comes, in place of all at the end. */
  part?(result: Result): void;
  done(last: Result, parts: Result[]): void;
  lost(error: HubError): void;
}

interface Entry {
  waiter: Waiter;
  parts: Result[];
}

/** Commands of an attachment that were queued and have no final result, up to the hub's window. */
export class Results {
  readonly #window: number;
  readonly #open = new Map<number, Entry>();
  #drained: (() => void) | undefined;

  constructor(window: number) {
    this.#window = window;
  }

  get size(): number {
    return this.#open.size;
  }

  get full(): boolean {
    return this.#open.size >= this.#window;
  }

  add(id: number, waiter: Waiter): void {
    this.#open.set(id, { waiter, parts: [] });
  }

  /** Takes a command out that goes to another hub. */
  withdraw(id: number): Waiter | undefined {
    const entry = this.#open.get(id);
    this.#open.delete(id);
    this.#check();
    return entry?.waiter;
  }

  /** Hands a result to who waits for it. */
  deliver(result: Result): void {
    const entry = this.#open.get(result.commandId);
    if (entry === undefined) return;
    if (result.more) {
      if (entry.waiter.part === undefined) entry.parts.push(result);
      else entry.waiter.part(result);
      return;
    }
    this.#open.delete(result.commandId);
    try {
      entry.waiter.done(result, entry.parts);
    } finally {
      this.#check();
    }
  }

  fail(error: () => HubError): void {
    const entries = [...this.#open.values()];
    this.#open.clear();
    for (const { waiter } of entries) waiter.lost(error());
    this.#check();
  }

  /** Calls back once nothing is open. */
  whenDrained(then: () => void): void {
    this.#drained = then;
    this.#check();
  }

  #check(): void {
    if (this.#open.size > 0 || this.#drained === undefined) return;
    const then = this.#drained;
    this.#drained = undefined;
    then();
  }
}
