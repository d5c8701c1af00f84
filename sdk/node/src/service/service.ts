import { Core, type Program } from "../core/core.js";
import type { Delivery } from "../core/delivery.js";
import { ClosedError, type HubError, type StatusError, statusError } from "../core/errors.js";
import { duration } from "../core/hello.js";
import type { Line } from "../core/line.js";
import type { Member } from "../core/peer.js";
import { type HubOptions, type Settings, settle } from "../core/settings.js";
import { onSigterm } from "../core/signals.js";
import type { Result, RoomsChanged, Subscription, Upgraded } from "../pb/index.js";
import { placed } from "./context.js";
import { TimeoutError } from "./errors.js";
import { Lanes, type Work } from "./lanes.js";
import { Namespace, type NamespaceOptions } from "./namespace.js";
import { Registry } from "./registry.js";
import { Socket } from "./socket.js";
import { type Outcome, outcome, request } from "./target.js";
import { encodeList, Payload } from "./values.js";
import { DeliveryWork, ghost, Telling } from "./work.js";

export interface ServiceOptions extends HubOptions {
  /** Handlers that run at the same time. Default 1024. */
  workers?: number;
}

/** What came of a call of other services. */
export interface Answers {
  expected: number;
  answered: number;
  failed: number;
  timedOut: number;
  answers: { group: string; instance: string; payload: Payload; error: StatusError | undefined }[];
  missing: string[];
}

/** An application service behind one or more hubs: the kit's own API, with everything that only the hub gives. */
export class Service implements Program {
  readonly settings: Settings;
  readonly #namespaces = new Map<string, Namespace>();
  readonly #lanes: Lanes<Work>;
  #registry: Registry | undefined;
  #core: Core | undefined;

  constructor(group: string, options: ServiceOptions = {}) {
    this.settings = settle({ ...options, group });
    this.#lanes = new Lanes(options.workers ?? 1024);
  }

  /** A namespace, or a pattern of them: `/chat`, `/org/*`, `/*`, `*`. */
  namespace(name: string, options: NamespaceOptions = {}): Namespace {
    let namespace = this.#namespaces.get(name);
    if (namespace === undefined) {
      namespace = new Namespace(() => this.#line, name, options);
      this.#namespaces.set(name, namespace);
    }
    return namespace;
  }

  get #line(): Line {
    if (this.#core === undefined) throw new ClosedError();
    return this.#core.line;
  }

  /** @internal */
  get subscriptions(): readonly Subscription[] {
    return this.#registry?.subscriptions ?? [];
  }

  /** Serves until `close`, or SIGTERM; rejects when it may not go on. */
  async run(): Promise<void> {
    this.#registry = new Registry(this.#namespaces.values());
    const core = new Core(this.settings, this);
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

  /** Ids of the hubs that are attached. */
  get hubs(): string[] {
    return this.#core?.hubs.attached() ?? [];
  }

  /** Calls the processes of a service (an empty group: of all), and waits for their answers. `timeout` in milliseconds. */
  async call(group: string, namespace: string, name: string, args: unknown[], timeout: number): Promise<Answers> {
    const parts: Result[] = [];
    const call = { group, namespace, name, payload: encodeList(args), timeout: duration(timeout) };
    const last = await request(this.#line, placed({ op: { $case: "call", call } }), parts).catch(
      (error: HubError & { result?: Result }) => {
        if (error.result?.ack?.$case === "callTotal") return error.result; // who answered stands there
        throw error;
      },
    );
    const answers = answersOf(last, parts);
    if (answers.timedOut > 0) throw new TimeoutError(statusError(last.status)?.reason ?? "CALL_TIMED_OUT", answers);
    return answers;
  }

  /** Calls without waiting for answers; `matched` says how many were called. */
  async tell(group: string, namespace: string, name: string, args: unknown[] = []): Promise<Outcome> {
    const call = { group, namespace, name, payload: encodeList(args), timeout: undefined };
    return outcome(await request(this.#line, placed({ op: { $case: "call", call } })));
  }

  /** Ends the authorization of browsers: their connections close, and their clients come back to be decided upon anew. */
  async revoke(who: { users?: string[]; sockets?: string[] }): Promise<Outcome> {
    const revoke = { users: who.users ?? [], sockets: who.sockets ?? [] };
    return outcome(await request(this.#line, placed({ op: { $case: "revoke", revoke } })));
  }

  /** Rooms of a namespace, sorted, but those of single sockets. */
  async listRooms(namespace: string, prefix = ""): Promise<{ rooms: { name: string; count: number }[]; missing: string[] }> {
    const pages: Result[] = [];
    const listRooms = { namespace, prefix, pageSize: 1000, pageToken: "" };
    const last = await request(this.#line, placed({ op: { $case: "listRooms", listRooms } }), pages);
    const rooms = [...pages, last].flatMap((page) => page.rooms).map(({ name, socketCount }) => ({ name, count: socketCount }));
    return { rooms, missing: last.missingHubIds };
  }

  /** Users who have a socket in a namespace, sorted. */
  async listUsers(namespace: string, prefix = ""): Promise<{ users: { id: string; count: number }[]; missing: string[] }> {
    const pages: Result[] = [];
    const listUsers = { namespace, prefix, pageSize: 1000, pageToken: "" };
    const last = await request(this.#line, placed({ op: { $case: "listUsers", listUsers } }), pages);
    const users = [...pages, last].flatMap((page) => page.users).map(({ id, socketCount }) => ({ id, count: socketCount }));
    return { users, missing: last.missingHubIds };
  }

  async countUsers(namespace: string): Promise<{ count: number; missing: string[] }> {
    const last = await request(this.#line, placed({ op: { $case: "countUsers", countUsers: { namespace } } }));
    return { count: last.count, missing: last.missingHubIds };
  }

  /** @internal */
  deliver(delivery: Delivery): void {
    const asked = this.#registry?.find(delivery.message.subscriptionId);
    const work = asked && new DeliveryWork(delivery, asked, this.settings.logger);
    const interested = work?.interested;
    if (work !== undefined && delivery.member !== undefined) delivery.member.value = asked?.namespace;
    if (work !== undefined && interested === true) return this.#lanes.add(work);
    if (interested === false) {
      this.#unheard(delivery);
    } else {
      this.settings.logger.warn("a delivery without a handler", {
        namespace: delivery.message.socket?.namespace,
        delivery: delivery.message.body?.$case,
      });
      delivery.nack("no handler", {}, 12);
    }
    delivery.end();
  }

  /** A connected or disconnected that the program does not want to hear of. */
  #unheard(delivery: Delivery): void {
    const member = delivery.member;
    if (member !== undefined && delivery.message.body?.$case === "connected") member.told = true;
    else if (member !== undefined) delivery.attachment.peer.forget(member);
    delivery.done();
  }

  /** @internal */
  revoked(delivery: Delivery): void {
    this.#lanes.remove((work) => {
      if (!(work instanceof DeliveryWork) || work.delivery !== delivery) return false;
      queueMicrotask(() => delivery.end());
      return true;
    });
  }

  /** @internal */
  gone(member: Member, detail: string): void {
    const namespace = member.value;
    if (!(namespace instanceof Namespace)) return;
    const handler = namespace.handlers.disconnect;
    if (handler !== undefined) this.#tell(member.id, () => handler(ghost(namespace, member, detail)));
  }

  /** @internal */
  released(member: Member, reason: string): void {
    const namespace = member.value;
    if (!(namespace instanceof Namespace)) return;
    const handler = namespace.handlers.released;
    if (handler !== undefined) this.#tell(member.id, () => handler(new Socket(namespace, member.socket, member), reason));
  }

  /** @internal */
  rooms(member: Member, change: RoomsChanged): void {
    const namespace = member.value;
    if (!(namespace instanceof Namespace)) return;
    const handler = namespace.handlers.rooms;
    const { joined, left } = change;
    if (handler !== undefined)
      this.#tell(member.id, () => handler({ socket: new Socket(namespace, member.socket, member), joined, left }));
  }

  /** @internal */
  upgraded(member: Member | undefined, upgraded: Upgraded): void {
    const namespace = member?.value;
    if (member === undefined || !(namespace instanceof Namespace)) return;
    const handler = namespace.handlers.upgraded;
    if (handler !== undefined)
      this.#tell(member.id, () => handler(new Socket(namespace, member.socket, member), upgraded.transport));
  }

  #tell(lane: string, task: () => unknown): void {
    this.#lanes.add(new Telling(lane, this.settings.logger, task));
  }
}

function answersOf(last: Result, parts: Result[]): Answers {
  const total = last.ack?.$case === "callTotal" ? last.ack.callTotal : undefined;
  const each = parts.flatMap((part) => (part.ack?.$case === "callAnswer" ? [part.ack.callAnswer] : []));
  return {
    expected: total?.expectedCount ?? 0,
    answered: total?.answeredCount ?? 0,
    failed: total?.failedCount ?? 0,
    timedOut: total?.timedOutCount ?? 0,
    answers: [...each, ...(total?.answers ?? [])].map(({ group, instanceId, payload, status }) => ({
      group,
      instance: instanceId,
      payload: Payload.of(payload),
      error: statusError(status),
    })),
    missing: last.missingHubIds,
  };
}
