import { randomBytes } from "node:crypto";
import {
  type AttachRequest,
  type Delivery,
  type Hello,
  Introduction,
  Kind,
  type Notice,
  NoticeKind,
  type Result,
  Role,
  type Subscription,
} from "../pb/index.js";
import type { Browser } from "./browser.js";
import { PATIENCE } from "./errors.js";
import { best, rankOf, type Subject } from "./interest.js";
import { type Handover, Lane } from "./lane.js";
import type { MemoryCall } from "./memory-call.js";
import { tellAll } from "./presence.js";
import { Session } from "./session.js";
import { welcome } from "./welcome.js";

/** What the hub of a test knows, and who gets what. */
export class Desk {
  hubId = newHubId();
  readonly browsers = new Map<string, Browser>();
  readonly sessions = new Set<Session>();
  /** What each group asked for last. */
  readonly groups = new Map<string, readonly Subscription[]>();
  /** Acknowledgements that were left open, by the dedupe id of their event. */
  readonly later = new Map<string, Handover>();
  /** Results by idempotency keys. */
  readonly keys = new Map<string, Result>();
  readonly lanes = new Map<string, Map<string, Lane>>();
  /** What stands alone and waits for an instance. */
  #waiting: { handover: Handover; group: string }[] = [];
  #waiters = new Set<() => void>();
  #seq = 0;
  /** Counts everything that happens. */
  activity = 0;
  /** Lets a browser leave. */
  leave: (browser: Browser, reason: string, detail?: string) => Promise<void> = async () => {};

  next(): number {
    return ++this.#seq;
  }

  /** Something has happened: who waits looks again. */
  changed(): void {
    this.activity++;
    for (const look of [...this.#waiters]) look();
  }

  /** Resolves once something holds; rejects when it takes longer than a test should. */
  until(holds: () => boolean, what: () => string): Promise<void> {
    return new Promise((resolve, reject) => {
      const over = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(look);
      };
      const look = (): void => {
        if (!holds()) return;
        over();
        resolve();
      };
      const timer = setTimeout(() => {
        over();
        reject(new Error(`not within ${PATIENCE / 1000} s: ${what()}`));
      }, PATIENCE);
      this.#waiters.add(look);
      look();
    });
  }

  /** Whether an instance has something to do. */
  get busy(): boolean {
    return [...this.sessions].some((session) => session.busy || session.call === undefined);
  }

  handover(subject: Subject, body: Delivery["body"], browser: Browser | undefined, lane?: Lane, dedupe?: Buffer): Handover {
    const settled = (_: unknown, __: unknown, commands: () => void): void => commands();
    return { subject, body, browser, lane, dedupe: dedupe ?? randomBytes(16), attempt: 1, settled };
  }

  /** The group that takes something: the one that asks for it most specifically. */
  group(subject: Subject): string | undefined {
    let found: string | undefined;
    let top = -1;
    for (const [group, subscriptions] of this.groups) {
      for (const subscription of subscriptions) {
        const rank = rankOf(subscription, subject);
        if (rank > top) [found, top] = [group, rank];
      }
    }
    return found;
  }

  /** The instance that gets the next socket of a group: of those that take it the one with the fewest. */
  pick(group: string, subject: Subject, but?: Session): Session | undefined {
    let found: Session | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    for (const session of this.sessions) {
      if (session.group !== group || session === but || !session.takes) continue;
      if (best(session.subscriptions, subject) === undefined) continue;
      const count = this.#held(session).length;
      if (count < fewest) [found, fewest] = [session, count];
    }
    return found;
  }

  #held(session: Session): Lane[] {
    return this.#lanes().filter((lane) => lane.session === session);
  }

  #lanes(): Lane[] {
    return [...this.lanes.values()].flatMap((lanes) => [...lanes.values()]);
  }

  /** What a group gets of a socket. */
  lane(browser: Browser, group: string): Lane {
    const lanes = this.lanes.get(browser.id) ?? new Map<string, Lane>();
    this.lanes.set(browser.id, lanes);
    const lane = lanes.get(group) ?? new Lane(this, group, browser);
    lanes.set(group, lane);
    return lane;
  }

  /** Gives what stands alone to an instance of a group, now or when there is one. */
  give(group: string, handover: Handover, but?: Session): void {
    const session = this.pick(group, handover.subject, but) ?? this.pick(group, handover.subject);
    const subscription = session && best(session.subscriptions, handover.subject);
    if (session === undefined || subscription === undefined) this.#waiting.push({ handover, group });
    else session.hand(handover, subscription);
  }

  /** Another try of what stands alone. */
  again(handover: Handover, but?: Session): void {
    handover.attempt++;
    const group = this.group(handover.subject);
    if (group !== undefined) this.give(group, handover, but);
  }

  /** Whether a group asks for something. */
  asks(group: string, subject: Subject): boolean {
    return best(this.groups.get(group) ?? [], subject) !== undefined;
  }

  // The streams.

  /** The first envelope of a stream. */
  greet(call: MemoryCall, hello: Hello): void {
    const { group, instanceId, subscriptions, resume } = hello;
    if (hello.attachedHubIds.includes(this.hubId)) return call.finish({ code: 6, details: `this is ${this.hubId}` });
    const before = [...this.sessions].find((session) => session.group === group && session.instance === instanceId);
    this.groups.set(group, subscriptions);
    if (before !== undefined && resume !== undefined && before.id.equals(resume.attachment) && resume.hubId === this.hubId) {
      before.call?.finish({ code: 10, details: "taken over" });
      return before.resume(call, resume.ackEnvelopeSeq, (applied) => welcome(this, before, hello, applied));
    }
    if (before !== undefined) {
      before.call?.finish({ code: 10, details: "taken over" });
      this.lost(before);
    }
    const session = new Session(this, group, instanceId, subscriptions);
    this.sessions.add(session);
    session.call = call;
    session.say(welcome(this, session, hello, undefined));
    this.#introduce(session);
    tellAll(this, session);
    session.say({ $case: "notice", notice: introduced() });
    for (const { handover, group: of } of this.#waiting.splice(0)) this.give(of, handover);
  }

  /** Tells an instance of the sockets that are there, and that nobody of its group holds. */
  #introduce(session: Session): void {
    for (const browser of this.browsers.values()) {
      if (!browser.connected) continue;
      const asked = best(session.subscriptions, {
        role: Role.ROLE_HANDLER,
        namespace: browser.namespace,
        kind: Kind.KIND_CONNECTED,
      });
      const all = asked !== undefined && asked.introduction >= Introduction.INTRODUCTION_ON_ATTACH;
      const lane = all ? this.lane(browser, session.group) : this.lanes.get(browser.id)?.get(session.group);
      const moves = asked?.introduceMoved === true && lane?.introduced === true;
      if (lane !== undefined && lane.session === undefined && (all || moves)) lane.bind(session);
      lane?.pump();
    }
    for (const lane of this.#lanes()) if (lane.group === session.group) lane.pump(); // of those that have left too
  }

  take(call: MemoryCall, envelope: AttachRequest): void {
    const session = [...this.sessions].find((one) => one.call === call);
    const first = envelope.actions[0]?.kind;
    if (session !== undefined) session.take(envelope);
    else if (first?.$case === "hello") this.greet(call, first.hello);
  }

  /** A stream has ended from the application's side: it may come back. */
  left(call: MemoryCall): void {
    for (const session of this.sessions) if (session.call === call) session.call = undefined;
    this.changed();
  }

  /** An instance that leaves has nothing in hands any more: its sockets go to others. */
  drained(session: Session): void {
    if (session.busy || !this.sessions.delete(session)) return;
    for (const lane of this.#held(session)) {
      const subject = { role: Role.ROLE_HANDLER, namespace: lane.browser.namespace, kind: Kind.KIND_CONNECTED };
      if (this.pick(session.group, subject) !== undefined) session.release(lane.browser.id, "DRAINED");
      lane.lost([]);
      lane.bind(this.pick(session.group, subject));
      lane.pump();
    }
    session.call?.finish({ code: 0, details: "" });
    session.call = undefined;
    this.changed();
  }

  /** An instance is forgotten: what it had in hands comes again, where it can. */
  lost(session: Session): void {
    this.sessions.delete(session);
    const open = session.end();
    for (const lane of this.#held(session)) {
      lane.lost(open.filter((handover) => handover.lane === lane));
      const subject = { role: Role.ROLE_HANDLER, namespace: lane.browser.namespace, kind: Kind.KIND_CONNECTED };
      lane.bind(this.pick(session.group, subject));
      lane.pump();
    }
    for (const handover of open) if (handover.lane === undefined) this.again(handover);
    this.changed();
  }
}

function introduced(): Notice {
  return { kind: NoticeKind.NOTICE_KIND_INTRODUCED, status: undefined, count: 1, fact: undefined };
}

export function newHubId(): string {
  return `memory-${randomBytes(6).toString("hex")}`;
}
