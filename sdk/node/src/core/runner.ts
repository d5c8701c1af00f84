import { hostOf, isHostPort, type Places, parse, resolve } from "./addresses.js";
import type { Core } from "./core.js";
import { mayShowToken } from "./dial.js";
import type { HubError } from "./errors.js";
import { Link } from "./link.js";
import type { HubStatus } from "./link-status.js";

/** How often names are resolved again, in milliseconds. */
const RESOLVE_EVERY = 30_000;
/** How long a link waits for another one's hello, in milliseconds. */
const TURN_PATIENCE = 1000;

/** Has a link for each address that was configured, that a name resolves to, or that a hub tells. */
export class Runner {
  readonly #core: Core;
  readonly #places: Places;
  readonly #resolved = new Map<string, string[]>();
  readonly #links = new Map<string, Link>();
  readonly #warned = new Set<string>();
  #turn: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #resolving = false;
  #result: HubError | undefined;
  #done: (error: HubError | undefined) => void = () => {};
  #nudged = false;

  constructor(core: Core) {
    this.#core = core;
    this.#places = parse(core.settings.address);
  }

  /** Keeps links until the core closes, or may not go on: then with an error. */
  run(): Promise<HubError | undefined> {
    return new Promise((done) => {
      this.#done = done;
      if (this.#places.names.length > 0) {
        this.#timer = setInterval(() => void this.#resolve(), RESOLVE_EVERY);
        void this.#resolve();
      }
      this.#reconcile();
    });
  }

  /** Looks again which addresses lead somewhere, soon. */
  nudge(): void {
    if (this.#nudged) return;
    this.#nudged = true;
    queueMicrotask(() => {
      this.#nudged = false;
      this.#reconcile();
    });
  }

  #reconcile(): void {
    const wanted = this.#wanted();
    for (const [address, link] of this.#links) {
      if (link.wanted === wanted.has(address)) continue;
      link.wanted = wanted.has(address);
      link.stir();
    }
    const over = this.#core.closing || this.#core.aborted;
    if (!over) {
      for (const [address, hub] of wanted) if (!this.#links.has(address)) this.#begin(address, hub);
    } else if (this.#links.size === 0) {
      clearInterval(this.#timer);
      this.#done(this.#result);
    }
  }

  #begin(address: string, hub: string): void {
    const link = new Link(this.#core, address, hub);
    this.#links.set(address, link);
    void link.serve().then((error) => {
      this.#links.delete(address);
      this.#core.hubs.abandon(link, !this.#core.closing && !this.#core.aborted);
      if (error !== undefined && this.#result === undefined) {
        this.#result = error;
        this.#core.abort();
      }
      this.nudge();
    });
  }

  #wanted(): Map<string, string> {
    const all = new Map<string, string>();
    for (const address of this.#places.fixed) all.set(address, "");
    for (const addresses of this.#resolved.values()) for (const address of addresses) all.set(address, "");
    if (!this.#core.settings.follow) return all;
    for (const [address, hub] of this.#core.hubs.told()) {
      if (all.has(address)) continue;
      const problem = this.#problem(address);
      if (problem === "") all.set(address, hub);
      else if (!this.#warned.has(address) && this.#warned.size < 1024) {
        this.#warned.add(address);
        this.#core.log.warn("a hub tells an address that is not dialled", { address, reason: problem });
      }
    }
    return all;
  }

  #problem(address: string): string {
    if (!isHostPort(address)) return "it is no HOST:PORT";
    const settings = this.#core.settings;
    if (settings.token !== undefined && !mayShowToken(settings, address))
      return `the token would go to ${hostOf(address)} in the clear`;
    return "";
  }

  async #resolve(): Promise<void> {
    if (this.#resolving) return;
    this.#resolving = true;
    for (const { host, port } of this.#places.names) {
      try {
        this.#resolved.set(`${host}:${port}`, await resolve(host, port));
      } catch (error) {
        this.#core.log.warn("the hubs' name does not resolve", { name: host, err: error });
      }
    }
    this.#resolving = false;
    this.nudge();
  }

  /** A hub was not reached: names may resolve to others by now. */
  unreachable(): void {
    if (this.#places.names.length > 0) void this.#resolve();
  }

  /** Whether a hub has refused every link for good. */
  refusedEverywhere(): boolean {
    return [...this.#links.values()].every((link) => link.refused) && this.#resolved.size === this.#places.names.length;
  }

  /** Whether a hello is under way that the hub would take: then an older stream of this process may end by it. */
  mayMeet(hub: string): boolean {
    return [...this.#links.values()].some((link) => link.greets !== undefined && !link.greets.includes(hub));
  }

  /** Lets one link at a time say hello, so that of two addresses of one hub the second is known as such. */
  async inTurn<T>(greet: () => Promise<T>): Promise<T> {
    const before = this.#turn;
    let release = (): void => {};
    this.#turn = new Promise<void>((resolve) => {
      release = resolve;
    });
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      before,
      new Promise<void>((resolve) => {
        timer = setTimeout(resolve, TURN_PATIENCE);
      }),
    ]);
    clearTimeout(timer);
    try {
      return await greet();
    } finally {
      release();
    }
  }

  freed(by: Link): void {
    for (const link of this.#links.values()) if (link !== by) link.freed();
  }

  /** What is known of each address, sorted by them. */
  status(): HubStatus[] {
    return [...this.#links.values()].map(({ status }) => status).sort((a, b) => (a.address < b.address ? -1 : 1));
  }

  drain(): void {
    for (const link of this.#links.values()) link.drain();
    this.nudge();
  }

  drained(): void {
    for (const link of this.#links.values()) link.drained();
  }

  abort(): void {
    for (const link of this.#links.values()) link.abort();
    this.nudge();
  }
}
