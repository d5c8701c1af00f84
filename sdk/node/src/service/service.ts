import { commandError } from "../core/capability.js";
import { Core } from "../core/core.js";
import { ClosedError, type HubError, StatusError } from "../core/errors.js";
import { duration } from "../core/hello.js";
import type { Way } from "../core/line.js";
import type { HubStatus } from "../core/link-status.js";
import { type HubOptions, type Settings, settle } from "../core/settings.js";
import { onSigterm } from "../core/signals.js";
import type { Command, Result } from "../pb/index.js";
import { type Answers, answersOf, type Outcome, outcome } from "./answers.js";
import { TimeoutError } from "./errors.js";
import { Namespace, type NamespaceOptions } from "./namespace.js";
import { Notices, type WarningHandler } from "./notices.js";
import { newObserver, type ObservationHandler, type ObserveOptions, type Observer } from "./observation.js";
import { ServiceProgram } from "./program.js";
import { Queries } from "./queries.js";
import { request } from "./request.js";
import { encodeList } from "./values.js";

export interface ServiceOptions extends HubOptions {
  /** Handlers that run at the same time. Default 1024. */
  workers?: number;
}

export interface CallOptions {
  /** Makes the call safe to repeat: it is carried out once under this key. */
  key?: string;
}

/** An application service behind one or more hubs: the kit's own API, with everything that only the hub gives. */
export class Service extends Queries {
  readonly settings: Settings;
  readonly #namespaces = new Map<string, Namespace>();
  readonly #observers: Observer[] = [];
  readonly #notices: Notices;
  #introduced: ((hubId: string) => unknown) | undefined;
  #core: Core | undefined;

  constructor(group: string, { workers = 1024, ...hub }: ServiceOptions = {}) {
    super();
    this.settings = settle({ ...hub, group });
    this.#notices = new Notices(workers, this.#namespaces, this.settings.logger);
  }

  /** A namespace, or a pattern of them: `/chat`, `/org/*`, `/*`, `*`. */
  namespace(name: string, options: NamespaceOptions = {}): Namespace {
    let namespace = this.#namespaces.get(name);
    if (namespace === undefined) {
      namespace = new Namespace(() => this._way(), name, options);
      this.#namespaces.set(name, namespace);
    }
    return namespace;
  }

  /**
   * Gets copies of what happens in a namespace or a pattern of them, which may be another service's: one at a time and in
   * order, before `run`. It delays nobody but itself: what it has no time for is left out and counted.
   */
  observe(namespace: string, options: ObserveOptions, handler: ObservationHandler): this {
    this.#observers.push(newObserver(namespace, options, handler));
    return this;
  }

  /**
   * Hears, each time this process has attached to a hub anew, that all live sockets, occupied rooms and present users that it
   * asked for were told: whom it knows of that hub beyond them has gone.
   */
  onIntroduced(handler: (hubId: string) => unknown): this {
    this.#introduced = handler;
    return this;
  }

  /** Is called with what the hub warns of, such as `DELIVERIES_DROPPED`, `COMMAND_FAILED` or `UNHANDLED`; it is logged too. */
  onWarning(handler: WarningHandler): this {
    this.#notices.warned = handler;
    return this;
  }

  /** @internal */
  override _way(): Way {
    if (this.#core === undefined) throw new ClosedError();
    return this.#core.line;
  }

  /** Serves until `close`, or SIGTERM; rejects when it may not go on. */
  async run(): Promise<void> {
    const elsewhere = new Namespace(() => this._way(), "*", {});
    const core = new Core(
      this.settings,
      new ServiceProgram(this.settings, this.#namespaces.values(), this.#observers, this.#notices, elsewhere, this.#introduced),
    );
    this.#core = core;
    const off = this.settings.signals ? onSigterm(() => core.close().catch(() => {})) : () => {};
    try {
      await core.run();
    } finally {
      off();
    }
  }

  /** Leaves: handlers end, results come in, other processes take over. */
  async close(): Promise<void> {
    await this.#core?.close();
  }

  /** Resolves once a hub is attached. */
  async attached(): Promise<void> {
    await this.#core?.whenAttached();
  }

  /** The hubs to which this process is attached, and those that it tries to reach, by their addresses. */
  get hubs(): HubStatus[] {
    return this.#core?.runner.status() ?? [];
  }

  /** Whether the hubs that are attached all have a capability, such as `recovery`. False while none is. */
  capable(capability: string): boolean {
    return this.#core?.line.capable(capability) ?? false;
  }

  /** Calls the processes of a service (an empty group: of all), and waits for their answers. `timeout` in milliseconds. */
  async call(
    group: string,
    namespace: string,
    name: string,
    args: unknown[],
    timeout: number,
    options: CallOptions = {},
  ): Promise<Answers> {
    const parts: Result[] = [];
    const call = { group, namespace, name, payload: encodeList(args), timeout: duration(timeout) };
    const last = await this.#request({ $case: "call", call }, options.key, parts).catch(
      (error: HubError & { result?: Result }) => {
        if (error.result?.ack?.$case === "callTotal") return error.result; // who answered stands there
        throw error;
      },
    );
    const answers = answersOf(last, parts);
    if (answers.timedOut > 0) throw new TimeoutError(commandError(last)?.reason ?? "CALL_TIMED_OUT", answers);
    return answers;
  }

  /** Calls without waiting for answers; `matched` says how many were called. */
  async tell(group: string, namespace: string, name: string, args: unknown[] = [], options: CallOptions = {}): Promise<Outcome> {
    const call = { group, namespace, name, payload: encodeList(args), timeout: undefined };
    return outcome(await this.#request({ $case: "call", call }, options.key));
  }

  /** Acknowledges an event that this or another process of the service has settled with `ackLater`, by its `dedupeId`. */
  async acknowledge(dedupeId: string, ...args: unknown[]): Promise<void> {
    const acknowledge = { dedupeId: Buffer.from(dedupeId, "hex"), payload: encodeList(args) };
    const attached = this.hubs.filter((hub) => hub.attached);
    for (const [i, { hubId }] of attached.entries()) {
      try {
        await request(this._way(), { op: { $case: "acknowledge", acknowledge }, at: hubId });
        return;
      } catch (error) {
        const another = error instanceof StatusError && error.code === "NOT_FOUND" && i + 1 < attached.length;
        if (!another) throw error; // which hub has it is not known here
      }
    }
    await request(this._way(), { op: { $case: "acknowledge", acknowledge } });
  }

  #request(op: Command["op"], key: string | undefined, parts: Result[] = []): Promise<Result> {
    return request(this._way(), { op, key }, parts);
  }
}
