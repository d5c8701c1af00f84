import { randomBytes } from "node:crypto";
import { type Accept, DenyReason, Kind, NoticeKind, type Payload, Role, type Settlement } from "../pb/index.js";
import { decodeJSON } from "../values.js";
import type { Browser } from "./browser.js";
import type { Desk } from "./desk.js";
import { ConnectError, HandlerError, NoReplyError, patiently } from "./errors.js";
import type { Handover } from "./lane.js";
import { changeRooms, holders, now, observe, withPresence } from "./presence.js";
import type { Session } from "./session.js";

/** What browsers do, on its way to the application. */
export class Arriving {
  readonly desk: Desk;

  constructor(desk: Desk) {
    this.desk = desk;
  }

  /** A browser asks to join its namespace. */
  async connect(browser: Browser): Promise<void> {
    const { desk } = this;
    const subject = { role: Role.ROLE_AUTHORIZER, namespace: browser.namespace, kind: Kind.KIND_UNSPECIFIED };
    await desk.until(
      () => desk.groups.size > 0,
      () => "the application does not attach: was it started with `hub.options`?",
    );
    const group = desk.group(subject);
    if (group === undefined) throw new ConnectError("Invalid namespace");
    desk.browsers.set(browser.id, browser);
    const { handshake, auth } = browser;
    const attempt = { $case: "connectAttempt" as const, connectAttempt: { handshake, auth, recovery: undefined } };
    const handover = desk.handover(subject, attempt, browser);
    const decided = new Promise<void>((resolve, reject) => {
      handover.settled = (settlement, session, commands) => {
        const error = this.#decide(browser, settlement, session, commands);
        if (error === undefined) return resolve();
        desk.browsers.delete(browser.id);
        reject(error);
      };
    });
    desk.give(group, handover);
    await patiently(decided, () => "nobody decides about the browser");
  }

  #decide(
    browser: Browser,
    settlement: Settlement | undefined,
    session: Session | undefined,
    commands: () => void,
  ): Error | undefined {
    const outcome = settlement?.outcome;
    const said = (word: string, message = ""): void =>
      observe(this.desk, browser, browser.namespace, Kind.KIND_DECISIONS, {
        $case: "decision",
        decision: { outcome: word, group: session?.group ?? "", by: "service", message },
      });
    if (outcome?.$case === "accept") {
      said("accept");
      this.#accept(browser, outcome.accept, session, commands);
      return undefined;
    }
    if (outcome?.$case === "deny") {
      const { message, data, reason } = outcome.deny;
      said("deny", message);
      if (reason === DenyReason.DENY_REASON_NAMESPACE_UNKNOWN) return new ConnectError("Invalid namespace");
      return new ConnectError(message || "Unauthorized", decodeJSON(data));
    }
    const why = outcome?.$case === "nack" ? (outcome.nack.status?.message ?? "") : "";
    said("undecided", why);
    return new HandlerError(`nobody has decided about the browser: ${why}`);
  }

  #accept(browser: Browser, accept: Accept, session: Session | undefined, commands: () => void): void {
    const { desk } = this;
    withPresence(desk, browser, () => {
      browser.user = accept.user;
      for (const room of accept.rooms) browser.rooms.add(room);
      browser.roomsVersion = accept.rooms.length > 0 ? 1 : 0;
      if (accept.data.length > 0) [browser.data, browser.dataVersion] = [Buffer.from(accept.data), 1];
      browser.keepAuth = accept.keepAuth;
      browser.connected = true;
    });
    commands();
    const subject = { role: Role.ROLE_HANDLER, namespace: browser.namespace, kind: Kind.KIND_CONNECTED };
    const connected = browser.connectedFacts({});
    observe(desk, browser, browser.namespace, Kind.KIND_CONNECTED, { $case: "connected", connected });
    for (const group of desk.groups.keys()) {
      const lane = desk.lane(browser, group);
      if (session?.group === group && session.takes) lane.session = session; // it goes first to who let it in
      if (desk.asks(group, subject)) lane.introduce({});
    }
    desk.changed();
  }

  /** A browser emits; what becomes of it. */
  event(browser: Browser, name: string, payload: Payload, wantsAck: boolean): Promise<Settlement> {
    const { desk } = this;
    if (!browser.connected) return Promise.reject(new Error(`the browser has left (${browser.reason})`));
    const event = { name, payload, wantsAck, receiveTime: now() };
    observe(desk, browser, browser.namespace, Kind.KIND_EVENT, { $case: "event", event }, name);
    const subject = { role: Role.ROLE_HANDLER, namespace: browser.namespace, kind: Kind.KIND_EVENT, event: name };
    const group = desk.group(subject);
    if (group === undefined) return Promise.reject(new NoReplyError(`nobody handles ${name} in ${browser.namespace}`));
    const lane = desk.lane(browser, group);
    const handover = desk.handover(subject, { $case: "event", event }, browser, lane);
    return patiently(this.#settled(handover, lane.add.bind(lane)), () => `${name} is not dealt with`);
  }

  /** Hands over, and waits for the end: of an acknowledgement that is left open too. */
  #settled(handover: Handover, add: (handover: Handover) => void): Promise<Settlement> {
    return new Promise((resolve, reject) => {
      handover.settled = (settlement, _session, commands) => {
        commands();
        if (settlement === undefined) return reject(new NoReplyError("the application does not ask for it any more"));
        const body = handover.body;
        const later = settlement.outcome?.$case === "done" && settlement.outcome.done.ackLater;
        if (later && body?.$case === "event" && body.event.wantsAck) {
          this.desk.later.set(handover.dedupe.toString("hex"), { ...handover, settled: (late) => resolve(late as Settlement) });
        } else {
          resolve(settlement);
        }
      };
      add(handover);
    });
  }

  /** A browser leaves; resolves once every group knows it. */
  async leave(browser: Browser, reason: string, closeCode = 0, detail = ""): Promise<void> {
    const { desk } = this;
    if (!browser.connected) return;
    withPresence(desk, browser, () => {
      browser.connected = false;
      browser.reason = reason;
    });
    desk.browsers.delete(browser.id);
    const disconnected = {
      reason,
      closeCode,
      detail,
      rooms: [...browser.rooms].sort(),
      disconnectTime: now(),
      recoverableUntil: undefined,
      roomsLeftOut: 0,
    };
    observe(desk, browser, browser.namespace, Kind.KIND_DISCONNECTED, { $case: "disconnected", disconnected });
    const lanes = [...(desk.lanes.get(browser.id)?.values() ?? [])];
    for (const lane of lanes) lane.leave({ $case: "disconnected", disconnected });
    await desk.until(
      () => lanes.every((lane) => !lane.waits && !lane.session?.holds(lane)),
      () => "the application is not done with a browser that has left",
    );
    desk.lanes.delete(browser.id);
  }

  upgraded(browser: Browser, transport: string): void {
    const upgraded = { socketId: browser.id, transport, namespace: browser.namespace };
    for (const session of holders(this.desk, browser, Kind.KIND_UPGRADED)) {
      const fact = { $case: "upgraded" as const, upgraded };
      session.say({
        $case: "notice",
        notice: { kind: NoticeKind.NOTICE_KIND_UPGRADED, status: undefined, count: 1, fact },
      });
    }
  }

  /** The authorization of a browser is about to end. */
  async expire(browser: Browser): Promise<void> {
    const { desk } = this;
    const subject = { role: Role.ROLE_AUTHORIZER, namespace: browser.namespace, kind: Kind.KIND_UNSPECIFIED };
    const group = desk.group(subject);
    if (group === undefined) throw new NoReplyError(`nobody decides in ${browser.namespace}`);
    const handover = desk.handover(subject, { $case: "authExpiring", authExpiring: { expireTime: now() } }, browser);
    const { outcome } = await this.#settled(handover, (one) => desk.give(group, one));
    const detail = outcome?.$case === "deny" ? "authorization denied" : "authorization expired";
    if (outcome?.$case !== "accept") return this.leave(browser, "forced server close", 0, detail);
    if (outcome.accept.data.length > 0) [browser.data, browser.dataVersion] = [outcome.accept.data, browser.dataVersion + 1];
  }

  /** Another service calls: what the first of the instances that take it answers. */
  async call(group: string, namespace: string, name: string, payload: Payload): Promise<Payload> {
    const { desk } = this;
    const subject = { role: Role.ROLE_HANDLER, namespace, kind: Kind.KIND_SERVICE_CALL };
    const called = desk.group(subject);
    if (called === undefined) throw new NoReplyError(`nobody takes calls in ${namespace}`);
    const serviceCall = { group, namespace, name, payload, wantsAnswer: true, timeout: { seconds: 10, nanos: 0 } };
    const handover = { ...desk.handover(subject, { $case: "serviceCall", serviceCall }, undefined), dedupe: randomBytes(16) };
    const settling = this.#settled(handover, (one) => desk.give(called, one));
    const { outcome } = await patiently(settling, () => `the call ${name} is not dealt with`);
    if (outcome?.$case === "nack") throw new HandlerError(outcome.nack.status?.message);
    if (outcome?.$case !== "reply") throw new NoReplyError(`${name} was dealt with, and not answered`);
    return outcome.reply.payload as Payload;
  }

  /** Rooms of a socket change by a command. */
  rooms(browser: Browser, join: readonly string[], leave: readonly string[]): void {
    changeRooms(this.desk, browser, join, leave);
  }
}
