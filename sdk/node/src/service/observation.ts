import { ConfigError } from "../core/errors.js";
import {
  type Decision,
  type Dropped,
  type FailedConnect,
  Kind,
  type Observation as Message,
  Role,
  Subscription,
} from "../pb/index.js";
import { date } from "./handshake.js";
import { HANDSHAKES, MAX_PATTERNS, type NamespaceOptions } from "./namespace.js";
import type { Socket } from "./socket.js";
import { Payload } from "./values.js";

/** What an observation is: `gap` tells of others that were left out, and of nothing else. */
export type ObservedKind = "gap" | "connected" | "event" | "disconnected" | "failedConnect" | "decision" | "emit" | "drop";

/** What an observer gets. Default: connected, event and disconnected, without arguments. */
export interface ObserveOptions {
  kinds?: Exclude<ObservedKind, "gap">[];
  /** Only events of these names, or of prefixes followed by `*`. */
  events?: string[];
  /** Only what concerns sockets in these rooms, and emits to them. */
  rooms?: string[];
  users?: string[];
  sockets?: string[];
  /** With the arguments of events and emits. */
  payloads?: boolean;
  /** One in so many events and emits. */
  sample?: number;
  handshake?: NamespaceOptions["handshake"];
}

/** A copy of something that happened. Which parts are there goes by the kind. */
export interface Observation {
  kind: ObservedKind;
  /** How many of this process were left out before this one. */
  gap: number;
  time: Date | undefined;
  /** Whose it is; undefined for an emit, and for a connect that failed before it had a socket. */
  socket: Socket | undefined;
  /** Of an event or an emit. `group` emitted it, with what came of it; for a browser's event it is undefined. */
  event: { name: string; payload: Payload; wantsAck: boolean } | undefined;
  emit: { group: string; matched: number; queued: number; dropped: number } | undefined;
  connected: { late: boolean; moved: boolean; recovered: boolean; rooms: string[] } | undefined;
  disconnected: { reason: string; closeCode: number; detail: string; rooms: string[] } | undefined;
  /** `outcome` is accept, deny or undecided; `by` is service, cache or token. */
  decision: Decision | undefined;
  /** A browser that was refused before anybody was asked. `code` is Engine.IO's, or -1. */
  failedConnect: FailedConnect | undefined;
  /** Something that nobody will get. */
  drop: { kind: string; reason: string; event: string; group: string } | undefined;
}

export type ObservationHandler = (observation: Observation) => void | Promise<void>;

/** One observer of a service. */
export interface Observer {
  readonly subscription: Subscription;
  readonly run: ObservationHandler;
  waiting: number;
  skipped: number;
}

const KINDS: Record<Exclude<ObservedKind, "gap">, Kind> = {
  connected: Kind.KIND_CONNECTED,
  event: Kind.KIND_EVENT,
  disconnected: Kind.KIND_DISCONNECTED,
  failedConnect: Kind.KIND_FAILED_CONNECTS,
  decision: Kind.KIND_DECISIONS,
  emit: Kind.KIND_EMITS,
  drop: Kind.KIND_DROPS,
};
const NAMES = new Map(Object.entries(KINDS).map(([name, kind]) => [kind, name as ObservedKind]));

export function newObserver(namespace: string, options: ObserveOptions, run: ObservationHandler): Observer {
  const { kinds = [], events = [], rooms = [], users = [], sockets = [], payloads, sample, handshake } = options;
  for (const list of [events, rooms, users, sockets]) {
    if (list.length > MAX_PATTERNS)
      throw new ConfigError(`observer of ${namespace}`, `a list has ${MAX_PATTERNS} entries at most`);
  }
  const subscription = Subscription.fromPartial({
    role: Role.ROLE_OBSERVER,
    namespace,
    kinds: kinds.map((kind) => KINDS[kind]),
    events,
    rooms,
    users,
    sockets,
    payloads,
    sample,
    handshake: HANDSHAKES[handshake ?? "none"],
  });
  return { subscription, run, waiting: 0, skipped: 0 };
}

export function newObservation(message: Message, gap: number, socket: Socket | undefined): Observation {
  const { body } = message;
  const emitted = body?.$case === "emitted" ? body.emitted : undefined;
  const event = body?.$case === "event" ? body.event : undefined;
  const dropped = body?.$case === "dropped" ? body.dropped : undefined;
  return {
    kind: NAMES.get(message.kind) ?? "gap",
    gap,
    time: date(message.time),
    socket,
    event: event
      ? { name: event.name, payload: Payload.of(event.payload), wantsAck: event.wantsAck }
      : emitted && {
          name: emitted.emit?.event ?? "",
          payload: Payload.of(emitted.emit?.payload),
          wantsAck: emitted.emit?.ack !== undefined,
        },
    emit: emitted && {
      group: emitted.group,
      matched: emitted.matchedCount,
      queued: emitted.queuedCount,
      dropped: emitted.droppedCount,
    },
    connected: body?.$case === "connected" ? body.connected : undefined,
    disconnected: body?.$case === "disconnected" ? body.disconnected : undefined,
    decision: body?.$case === "decision" ? body.decision : undefined,
    failedConnect: body?.$case === "failedConnect" ? body.failedConnect : undefined,
    drop: dropped && droppedOf(dropped),
  };
}

function droppedOf({ kind, reason, event, group }: Dropped): Observation["drop"] {
  return { kind: NAMES.get(kind) ?? "gap", reason, event, group };
}
