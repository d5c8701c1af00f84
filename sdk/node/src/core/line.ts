import type { Result } from "../pb/index.js";
import type { Attachment } from "./attachment.js";
import { commandError } from "./capability.js";
import { encode, nextId, type Order } from "./command.js";
import type { Core } from "./core.js";
import { ClosedError, type HubError, OutcomeUnknownError, UnavailableError } from "./errors.js";
import type { Item } from "./item.js";
import { Sampled } from "./log.js";
import type { Waiter } from "./results.js";
import { WAITING_BYTES, WAITING_ITEMS } from "./window.js";

const MAX_KEYS = 10_000;

interface Waiting {
  item: Item;
  waiter: Waiter | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** How commands are sent. */
export interface Way {
  /** The hub that holds a socket, as far as this process knows. */
  holder(id: string): string | undefined;
  /** Sends and asks for no result. What is refused is told by a notice. */
  tell(order: Order): void;
  /** Sends and hands what comes of it to a waiter. */
  ask(order: Order, waiter: Waiter): void;
}

/** Sends and waits for the last result. The parts before it go to `part`. An error with a status is thrown. */
export function request(way: Way, order: Order, part?: (result: Result) => void): Promise<Result> {
  return new Promise((resolve, reject) => {
    way.ask(order, {
      done: (last, parts) => {
        if (part !== undefined) for (const result of parts) part(result);
        const error = commandError(last);
        if (error === undefined) resolve(last);
        else reject(Object.assign(error, { result: last }));
      },
      lost: reject,
    });
  });
}

/**
 * The way to the hubs for commands. Those of a handler go over the stream on which its delivery came. All others go to
 * one hub, home, which is the first that is there and stays home until its stream ends; but what is for sockets of one
 * other hub alone goes to that one, and what has an idempotency key to where a command with the same key went.
 */
export class Line implements Way {
  readonly #core: Core;
  /** Attachments with a stream, in the order in which they opened. */
  #open: Attachment[] = [];
  /** Attachments whose stream has ended, and that may come back. */
  #away: Attachment[] = [];
  #limbo = new Set<Waiting>();
  #limboBytes = 0;
  readonly #keys = new Map<string, string>();
  readonly #dropped = new Sampled();

  constructor(core: Core) {
    this.#core = core;
  }

  holder(id: string): string | undefined {
    return this.#core.hubs.find(id)?.hubId;
  }

  /** Whether all hubs that are attached have a capability. */
  capable(capability: string): boolean {
    return this.#open.length > 0 && this.#open.every(({ capabilities }) => capabilities.includes(capability));
  }

  get home(): Attachment | undefined {
    return this.#open[0];
  }

  /** Commands that wait for a hub. */
  get waiting(): number {
    return this.#limbo.size;
  }

  tell(order: Order): void {
    this.#place(order, encode(order, 0), undefined);
  }

  ask(order: Order, waiter: Waiter): void {
    this.#place(order, encode(order, nextId()), waiter);
  }

  #place(order: Order, item: Item, waiter: Waiter | undefined): void {
    const attachment = this.#pick(order);
    if (attachment === undefined) return this.#wait(item, waiter);
    attachment.fits(item.size);
    if (attachment.crowded) return this.#drop(waiter);
    if (order.key) this.#remember(order.key, attachment.peer.hubId);
    if (waiter === undefined) attachment.push(item);
    else attachment.ask(item, waiter);
  }

  #pick(order: Order): Attachment | undefined {
    const from = order.from;
    if (from !== undefined) {
      if (from.lost !== undefined && !order.unfenced) throw from.lost;
      if (!from.attachment.ended) return from.attachment;
    }
    const hub = order.key ? this.#keys.get(order.key) : undefined;
    if (hub !== undefined) {
      const known = this.#open.find((open) => open.peer.hubId === hub);
      if (known === undefined) throw new OutcomeUnknownError(); // only that hub knows whether it was carried out
      return known;
    }
    const at = order.at;
    const home = this.#open[0];
    if (at === undefined || at === home?.peer.hubId) return home ?? this.#suspended(at);
    return this.#open.find((open) => open.peer.hubId === at) ?? home ?? this.#suspended(at);
  }

  /** One whose stream may come back: what is said meanwhile stays in order with what was said before. */
  #suspended(at: string | undefined): Attachment | undefined {
    return this.#away.find((away) => at === undefined || away.peer.hubId === at) ?? this.#away[0];
  }

  #remember(key: string, hub: string): void {
    if (!this.#keys.has(key) && this.#keys.size >= MAX_KEYS) {
      for (const oldest of this.#keys.keys()) {
        this.#keys.delete(oldest);
        break;
      }
    }
    this.#keys.set(key, hub);
  }

  /** Waits for a hub, bounded in number and bytes, and in time when somebody waits for the result. */
  #wait(item: Item, waiter: Waiter | undefined): void {
    if (this.#core.over) {
      if (waiter === undefined) return;
      throw new ClosedError();
    }
    if (this.#limbo.size >= WAITING_ITEMS || this.#limboBytes + item.size > WAITING_BYTES) return this.#drop(waiter);
    const waiting: Waiting = { item, waiter, timer: undefined };
    const timeout = this.#core.settings.commandTimeout;
    if (waiter !== undefined && timeout > 0) {
      waiting.timer = setTimeout(() => {
        this.#leave(waiting);
        waiter.lost(new UnavailableError());
      }, timeout);
    }
    this.#limbo.add(waiting);
    this.#limboBytes += item.size;
  }

  /** There is no place for a command: its caller is told, or the log. */
  #drop(waiter: Waiter | undefined): void {
    if (waiter !== undefined) throw new UnavailableError("there is no hub, and too much waits for one");
    const count = this.#dropped.count();
    if (count > 0) this.#core.log.warn("there is no hub, and too much waits for one: commands are dropped", { count });
  }

  #leave(waiting: Waiting): void {
    clearTimeout(waiting.timer);
    this.#limbo.delete(waiting);
    this.#limboBytes -= waiting.item.size;
  }

  /** A stream has opened. */
  open(attachment: Attachment): void {
    this.#open.push(attachment);
    this.#away = this.#away.filter((away) => away !== attachment && !away.ended);
    for (const away of this.#away) this.#moveFrom(away);
    for (const waiting of [...this.#limbo]) {
      this.#leave(waiting);
      this.#give(waiting.item, waiting.waiter);
    }
  }

  /** A stream has ended. What has not left goes to another hub, if one is there. */
  close(attachment: Attachment): void {
    this.#open = this.#open.filter((open) => open !== attachment);
    if (attachment.ended) return;
    this.#away.push(attachment);
    this.#moveFrom(attachment);
  }

  /** An attachment ends. */
  forget(attachment: Attachment): void {
    this.#open = this.#open.filter((open) => open !== attachment);
    this.#away = this.#away.filter((away) => away !== attachment);
    this.#moveFrom(attachment, true);
  }

  #moveFrom(attachment: Attachment, anyway = false): void {
    if (this.#open.length === 0 && !anyway) return;
    for (const item of attachment.out.takeBack()) {
      this.#give(item, item.id === 0 ? undefined : attachment.results.withdraw(item.id));
    }
  }

  /** A command that waited for a place in a window that is no more. */
  again(item: Item, waiter: Waiter): void {
    this.#give(item, waiter);
  }

  #give(item: Item, waiter: Waiter | undefined): void {
    const home = this.#open[0];
    try {
      if (home === undefined) return this.#wait(item, waiter);
      home.fits(item.size);
      if (waiter === undefined) home.push(item);
      else home.ask(item, waiter);
    } catch (error) {
      if (waiter !== undefined) waiter.lost(error as HubError);
      else this.#core.log.warn("a command that has waited for a hub cannot be sent", { err: error });
    }
  }

  /** The core has closed: nobody comes any more. */
  end(): void {
    for (const waiting of [...this.#limbo]) {
      this.#leave(waiting);
      waiting.waiter?.lost(new ClosedError());
    }
  }
}
