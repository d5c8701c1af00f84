import { randomBytes } from "node:crypto";
import { type Connected, type Delivery, Introduction, Kind, Ordering, Role, type Settlement } from "../pb/index.js";
import type { Browser } from "./browser.js";
import type { Desk } from "./desk.js";
import { best, type Subject } from "./interest.js";
import type { Session } from "./session.js";

/** Something that a group gets and settles. */
export interface Handover {
  readonly subject: Subject;
  readonly body: Delivery["body"];
  readonly dedupe: Buffer;
  /** The socket's order that it is part of; undefined for what stands alone. */
  readonly lane: Lane | undefined;
  readonly browser: Browser | undefined;
  attempt: number;
  /** What became of it: undefined when nobody takes it. `commands` carries out what came with the settlement. */
  settled(settlement: Settlement | undefined, session: Session | undefined, commands: () => void): void;
}

/** What one group gets of one socket: one instance at a time, in order, after the socket was introduced to it. */
export class Lane {
  readonly group: string;
  readonly browser: Browser;
  /** The instance that holds the socket. */
  session: Session | undefined;
  readonly #desk: Desk;
  readonly #dedupe = randomBytes(16);
  #queue: Handover[] = [];
  #introductions = 0;
  #instance = "";

  constructor(desk: Desk, group: string, browser: Browser) {
    this.#desk = desk;
    this.group = group;
    this.browser = browser;
  }

  /** Whether something waits that an instance could take. */
  get waits(): boolean {
    return this.#queue.length > 0;
  }

  /** Whether the group was told of the socket. */
  get introduced(): boolean {
    return this.#introductions > 0;
  }

  add(handover: Handover): void {
    this.#queue.push(handover);
    this.pump();
  }

  /** Hands over what waits, as far as somebody takes it. */
  pump(): void {
    for (;;) {
      const next = this.#queue[0];
      if (next === undefined) return;
      if (this.session === undefined) {
        this.bind(this.#desk.pick(this.group, next.subject));
        if (this.session === undefined) return;
        continue; // it may have to be introduced first
      }
      const subscription = best(this.session.subscriptions, next.subject);
      if (subscription?.ordering === Ordering.ORDERING_STRICT && this.session.holds(this)) return;
      this.#queue.shift();
      if (subscription === undefined) next.settled(undefined, undefined, () => {});
      else this.session.hand(next, subscription);
    }
  }

  /** Gives the socket to an instance, and introduces it there. */
  bind(session: Session | undefined): void {
    this.session = session;
    if (session === undefined) return;
    const asked = best(session.subscriptions, this.#subject(Kind.KIND_CONNECTED));
    if (asked === undefined || this.#queue[0]?.body?.$case === "connected") return;
    const again = asked.introduction === Introduction.INTRODUCTION_ON_INSTANCE || !session.knows(this.browser.id);
    if (!this.introduced || again) this.#queue.unshift(this.#connected({ late: true }));
  }

  /** Tells the group that the socket has joined. */
  introduce(facts: Partial<Connected>): void {
    this.#queue.unshift(this.#connected(facts));
    this.pump();
  }

  /** The socket has left. Who never heard of it hears nothing. */
  leave(body: Delivery["body"]): void {
    const connected = this.#queue.find((handover) => handover.body?.$case === "connected");
    this.#queue = this.#queue.filter((handover) => handover !== connected);
    const heard = connected === undefined ? this.introduced : connected.attempt > 1;
    if (!heard) return;
    this.add(this.#desk.handover(this.#subject(Kind.KIND_DISCONNECTED), body, this.browser, this));
  }

  /** An instance has gone: what it had in hands comes again. */
  lost(again: Handover[]): void {
    for (const handover of again) handover.attempt++;
    this.#queue = [...again, ...this.#queue];
    this.session = undefined;
  }

  /** A handler asks for another try. */
  again(handover: Handover, elsewhere: boolean): void {
    handover.attempt++;
    this.#queue.unshift(handover);
    if (elsewhere) {
      const other = this.#desk.pick(this.group, handover.subject, this.session);
      if (other !== undefined && !this.session?.holds(this)) this.move(other);
    }
    this.pump();
  }

  /** Takes the socket from one instance to another. */
  move(to: Session): void {
    this.session?.release(this.browser.id, "MOVED");
    this.bind(to);
    this.pump();
  }

  #subject(kind: Kind): Subject {
    return { role: Role.ROLE_HANDLER, namespace: this.browser.namespace, kind };
  }

  #connected(facts: Partial<Connected>): Handover {
    const { browser } = this;
    const subject = this.#subject(Kind.KIND_CONNECTED);
    const to = this.session ?? this.#desk.pick(this.group, subject);
    const instance = to?.instance ?? "";
    const asked = to && best(to.subscriptions, subject);
    const once = asked !== undefined && asked.introduction < Introduction.INTRODUCTION_ON_ATTACH;
    const moved = this.introduced && (once || (this.#instance !== "" && instance !== this.#instance));
    const made = browser.connectedFacts({ ...facts, moved });
    const body = { $case: "connected" as const, connected: made };
    this.#introductions++;
    this.#instance = instance;
    const handover = this.#desk.handover(subject, body, browser, this, this.#dedupe);
    handover.attempt = this.#introductions;
    return handover;
  }
}
