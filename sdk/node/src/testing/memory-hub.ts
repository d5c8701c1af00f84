import type { Transport } from "../core/dial.js";
import type { HubOptions } from "../core/settings.js";
import { decodeArgs, encodeArgs } from "../values.js";
import { Arriving } from "./arriving.js";
import { Browser, type Opening } from "./browser.js";
import { Desk, newHubId } from "./desk.js";
import { MemoryCall } from "./memory-call.js";
import type { Session } from "./session.js";

/** Turns of the loop after which a kit has said what it had to say: it gathers a few of them into one envelope. */
const QUIET_TURNS = 8;

/**
 * A hub in memory, for tests of applications: without a port, a process or a browser.
 *
 *     const hub = new MemoryHub();
 *     const io = makeApplication({ hub: hub.options });    // new Server(…), or new Service(…, hub.options)
 *     const ann = await hub.connect("/", { auth: { name: "ann" } });
 *     assert.equal(await ann.emitWithAck("echo", 5), 5);
 *
 * It is not the hub: no packet is written, no time passes (a retry comes at once, what a policy or a cache says is not
 * enforced, nobody recovers a session), and what waits is not bounded. It keeps what applications can notice of the
 * contract: order for each socket, one settlement for each delivery, rooms and users, data, acknowledgements both ways and
 * later, presence, calls, observers. What waits for the application gives up after ten seconds.
 *
 * Streams can break and be taken up (`cut`), instances be forgotten (`drop`), sockets move from one instance to another
 * (`move`), and the hub be replaced by another process (`restart`).
 */
export class MemoryHub {
  /** For `new Server({ hub: hub.options })` and `new Service(group, hub.options)`: how this hub is reached. */
  readonly options: HubOptions;
  readonly #desk = new Desk();
  readonly #arriving = new Arriving(this.#desk);

  constructor() {
    const listener = {
      take: this.#desk.take.bind(this.#desk),
      left: this.#desk.left.bind(this.#desk),
    };
    const transport: Transport = { connect: () => ({ call: () => new MemoryCall(listener), close: () => {} }) };
    this.#desk.leave = (browser, reason, detail) => this.#arriving.leave(browser, reason, 0, detail);
    const backoff = { min: 1, max: 10 };
    this.options = { address: "127.0.0.1:0", tls: false, signals: false, follow: false, token: "", backoff, transport };
  }

  /** Options for one of several instances of the application: one process of it each, as far as it can tell. */
  instance(instanceId: string): HubOptions {
    return { ...this.options, instanceId };
  }

  /** Ids of the instances that are attached. */
  get instances(): string[] {
    return [...this.#desk.sessions].filter(({ call }) => call !== undefined).map(({ instance }) => instance);
  }

  /** The browsers that are connected. */
  get browsers(): Browser[] {
    return [...this.#desk.browsers.values()].filter(({ connected }) => connected);
  }

  /** Waits until so many instances are attached. */
  attached(count = 1): Promise<void> {
    return this.#desk.until(
      () => this.instances.length >= count,
      () => `${count} instances are not attached: were they started with \`hub.options\`?`,
    );
  }

  /** A browser asks to join a namespace. Rejects with a ConnectError when it is refused. */
  async connect(namespace = "/", opening: Opening = {}): Promise<Browser> {
    const browser = new Browser(this.#arriving, namespace, opening);
    await this.#arriving.connect(browser);
    return browser;
  }

  /** Another service, or another process, calls the application: the arguments of what it answers. */
  // biome-ignore lint/suspicious/noExplicitAny: of any type
  async call(namespace: string, name: string, args: unknown[] = [], group = "another"): Promise<any[]> {
    return decodeArgs(await this.#arriving.call(group, namespace, name, encodeArgs(args)));
  }

  /** Waits until the application has dealt with everything that it got, and has said what it had to say. */
  async idle(): Promise<void> {
    const desk = this.#desk;
    let quiet = 0;
    for (let seen = desk.activity; quiet < QUIET_TURNS; quiet++) {
      await desk.until(
        () => !desk.busy,
        () => "the application is not done",
      );
      await new Promise((resolve) => setImmediate(resolve));
      if (desk.activity === seen) continue;
      seen = desk.activity;
      quiet = 0;
    }
  }

  /** Breaks the streams of an instance, or of all: what was on its way is said again when they are taken up. */
  cut(instance?: string): void {
    for (const session of this.#of(instance)) breakStream(session);
    this.#desk.changed();
  }

  /** Breaks the streams of an instance, or of all, and forgets it: what it had in hands comes again. */
  drop(instance?: string): void {
    for (const session of this.#of(instance)) {
      breakStream(session);
      this.#desk.lost(session);
    }
  }

  /** Gives a browser to another instance of the application, to one that is attached. */
  move(browser: Browser, instance: string): void {
    const [to] = this.#of(instance);
    if (to === undefined) throw new Error(`${instance} is not attached`);
    const lane = this.#desk.lane(browser, to.group);
    if (lane.session !== to) lane.move(to);
  }

  /** Lets another hub process take the place of this one: its browsers are gone, and the application is told `hub lost`. */
  restart(): void {
    const desk = this.#desk;
    for (const browser of this.browsers) [browser.connected, browser.reason] = [false, "transport close"];
    desk.browsers.clear();
    desk.lanes.clear();
    desk.hubId = newHubId();
    this.drop();
  }

  #of(instance: string | undefined): Session[] {
    return [...this.#desk.sessions].filter((session) => instance === undefined || session.instance === instance);
  }
}

function breakStream(session: Session): void {
  const { call } = session;
  session.call = undefined;
  call?.finish({ code: 14, details: "the connection was lost" }, true);
}
