import { statusError } from "../core/errors.js";
import { type Logger, Sampled } from "../core/log.js";
import type { Peer } from "../core/peer.js";
import { type Notice, NoticeKind, type Observation as ObservationMessage } from "../pb/index.js";
import { Lanes, type Work } from "./lanes.js";
import type { Handlers, Namespace } from "./namespace.js";
import { newObservation, type Observer } from "./observation.js";
import { Socket } from "./socket.js";
import { Telling } from "./telling.js";

/** Handlers of notices that have not run: beyond them notices are dropped, and counted. */
const MAX_WAITING = 65_536;
/** What `onWarning` is told. */
const WARNINGS: Partial<Record<NoticeKind, string>> = {
  [NoticeKind.NOTICE_KIND_BAD_ACTION]: "BAD_ACTION",
  [NoticeKind.NOTICE_KIND_COMMAND_FAILED]: "COMMAND_FAILED",
  [NoticeKind.NOTICE_KIND_DELIVERIES_DROPPED]: "DELIVERIES_DROPPED",
  [NoticeKind.NOTICE_KIND_LIFECYCLE_LOST]: "LIFECYCLE_LOST",
  [NoticeKind.NOTICE_KIND_UNHANDLED]: "UNHANDLED",
};

export type WarningHandler = (kind: string, error: Error | undefined, hubId: string) => void;

/** Tells a program of facts that nobody settles, in order with what their socket, room or user has in its lane. */
export class Notices {
  readonly lanes: Lanes<Work>;
  readonly #log: Logger;
  readonly #namespaces: ReadonlyMap<string, Namespace>;
  readonly #dropped = new Sampled();
  #waiting = 0;
  warned: WarningHandler | undefined;

  constructor(workers: number, namespaces: ReadonlyMap<string, Namespace>, log: Logger) {
    this.lanes = new Lanes(workers);
    this.#namespaces = namespaces;
    this.#log = log;
  }

  /** Runs a handler behind what its lane has already. `kept` is told however many wait: it is bounded otherwise. */
  tell(lane: string, task: () => unknown, kept = false): void {
    if (!kept && this.#waiting >= MAX_WAITING) {
      const count = this.#dropped.count();
      if (count > 0) this.#log.warn("handlers of notices do not keep up: notices are dropped", { count });
      return;
    }
    this.#waiting++;
    const run = (): unknown => {
      this.#waiting--;
      return task();
    };
    this.lanes.add(new Telling(lane, this.#log, run));
  }

  /** True for a notice that is dealt with. */
  notice(peer: Peer, notice: Notice): boolean {
    const fact = notice.fact;
    if (fact?.$case === "user") {
      const { namespace, user, hubId } = fact.user;
      const handlers = this.within(namespace)?.handlers;
      const present = notice.kind === NoticeKind.NOTICE_KIND_USER_PRESENT;
      const run = present ? handlers?.userPresent : handlers?.userAbsent;
      if (run !== undefined) this.tell(`\0user ${namespace} ${user}`, () => run({ namespace, user, hubId }));
      return true;
    }
    if (fact?.$case === "room") {
      const { namespace, room, hubId } = fact.room;
      const occupied = notice.kind === NoticeKind.NOTICE_KIND_ROOM_OCCUPIED;
      for (const handler of this.within(namespace)?.handlers.occupancy ?? []) {
        if (handler.occupied !== occupied || !takes(handler, room)) continue;
        this.tell(`\0room ${namespace} ${room}`, () => handler.run({ namespace, room, hubId }));
      }
      return true;
    }
    const kind = WARNINGS[notice.kind];
    if (kind !== undefined) this.warned?.(kind, statusError(notice.status), peer.hubId);
    return false; // it is logged too
  }

  /** The namespace of a notice, the most specific one: notices have no subscription. */
  within(name: string): Namespace | undefined {
    const exact = this.#namespaces.get(name);
    if (exact !== undefined) return exact;
    let best: Namespace | undefined;
    for (const namespace of this.#namespaces.values()) {
      const pattern = namespace.name;
      const prefix = pattern.slice(0, -1);
      if (!pattern.endsWith("*") || !name.startsWith(prefix) || (pattern !== "*" && name === prefix)) continue;
      if (best === undefined || pattern.length > best.name.length) best = namespace;
    }
    return best;
  }

  /** A copy for an observer. What it has no time for is left out, and the next one says how many those were. */
  observe(observer: Observer, message: ObservationMessage, most: number, elsewhere: Namespace): void {
    if (observer.waiting >= most) {
      observer.skipped += 1 + message.gap;
      return;
    }
    observer.waiting++;
    const gap = message.gap + observer.skipped;
    observer.skipped = 0;
    const { socket } = message;
    this.tell(
      `\0observer ${message.subscriptionId}`,
      () => {
        observer.waiting--;
        return observer.run(newObservation(message, gap, socket && new Socket(elsewhere, socket, undefined)));
      },
      true,
    );
  }
}

/** Whether a handler asked for a room: the hub tells of the rooms of all handlers together. */
function takes({ patterns }: Handlers["occupancy"][number], room: string): boolean {
  return patterns.some((pattern) => pattern === room || (pattern.endsWith("*") && room.startsWith(pattern.slice(0, -1))));
}
