import type { Notice, Observation, RoomsChanged, Subscription, Upgraded } from "../pb/index.js";
import type { Attachment } from "./attachment.js";
import type { Delivery } from "./delivery.js";
import type { HubError } from "./errors.js";
import { Hubs } from "./hubs.js";
import { Line } from "./line.js";
import type { Logger } from "./log.js";
import type { Member, Peer } from "./peer.js";
import { Runner } from "./runner.js";
import type { Settings } from "./settings.js";

/** What stands above the core: the facade, or the service. Its methods are called in the order of the stream. */
export interface Program {
  /** What the hello asks for. */
  readonly subscriptions: readonly Subscription[];
  /** Something wants a settlement. */
  deliver(delivery: Delivery): void;
  /** The hub does not take what a delivery was settled with. */
  refused?(deliverySeq: number): void;
  /** What the program wrote has thrown while a delivery was handed to it: nothing more comes of that. */
  failed?(delivery: Delivery): void;
  /** A delivery is another try's by now. */
  revoked?(delivery: Delivery): void;
  /** A socket has gone with its hub. */
  gone(member: Member, detail: string): void;
  /** A socket is another process's by now. */
  released(member: Member, reason: string): void;
  /** A socket's rooms have changed; `member.rooms` has them. */
  rooms(member: Member, change: RoomsChanged): void;
  /** A browser changed its transport. */
  upgraded(member: Member | undefined, upgraded: Upgraded): void;
  /** Everybody who is at a hub was introduced. */
  introduced?(hubId: string): void;
  hubLost?(hubId: string): void;
  observe?(observation: Observation): void;
  /** True for a notice that is dealt with; others are logged. */
  notice?(peer: Peer, notice: Notice): boolean;
  attached?(hubId: string, resumed: boolean): void;
  detached?(hubId: string, error: HubError | undefined): void;
}

/** One run: this process at all of its hubs. */
export class Core {
  readonly settings: Settings;
  readonly program: Program;
  readonly log: Logger;
  readonly hubs: Hubs;
  readonly line: Line;
  readonly runner: Runner;
  closing = false;
  aborted = false;
  /** No stream will come any more. */
  over = false;
  /** It was attached at least once. */
  attachedOnce = false;
  #ended: Promise<void> | undefined;
  #attachedWaiters: (() => void)[] = [];

  constructor(settings: Settings, program: Program) {
    this.settings = settings;
    this.program = program;
    this.log = settings.logger;
    this.hubs = new Hubs(this);
    this.line = new Line(this);
    this.runner = new Runner(this);
  }

  /** Attaches, and resolves once it has closed. Rejects when it may not go on. */
  run(): Promise<void> {
    this.#ended ??= this.runner.run().then((error) => {
      this.over = true;
      this.line.end();
      if (error !== undefined) throw error;
      this.log.info("closed");
    });
    return this.#ended;
  }

  /** Leaves: no new work, what is running ends, within the close time-out. */
  async close(): Promise<void> {
    if (this.#ended === undefined) {
      this.closing = true;
      this.over = true;
      this.line.end();
      return;
    }
    if (!this.closing) {
      this.closing = true;
      this.runner.drain();
      const timer = setTimeout(() => {
        this.log.warn("closed before everything had ended", { after: `${this.settings.closeTimeout}ms` });
        this.abort();
      }, this.settings.closeTimeout);
      const stop = (): void => clearTimeout(timer);
      this.#ended.then(stop, stop);
    }
    await this.#ended;
  }

  /** Ends at once. */
  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    this.runner.abort();
  }

  /** Resolves once a stream is there. */
  whenAttached(): Promise<void> {
    if (this.line.home !== undefined) return Promise.resolve();
    return new Promise((resolve) => this.#attachedWaiters.push(resolve));
  }

  /** A stream is there; who was warned that there is none hears of it as loudly. */
  attached(attachment: Attachment, resumed: boolean, warned: boolean): void {
    this.attachedOnce = true;
    const hub = attachment.peer.hubId;
    const fields = { hub, address: attachment.link.address, instance: this.settings.instanceId, resumed };
    if (warned) this.log.warn("attached", fields);
    else this.log.info("attached", fields);
    this.program.attached?.(hub, resumed);
    for (const resolve of this.#attachedWaiters.splice(0)) resolve();
  }

  detached(attachment: Attachment, error: HubError | undefined): void {
    this.program.detached?.(attachment.peer.hubId, error);
  }

  /** Something that was running has ended. */
  idle(): void {
    if (this.closing) this.runner.drained();
  }
}
