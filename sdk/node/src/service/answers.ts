import { type StatusError, statusError } from "../core/errors.js";
import type { BrowserAck, SocketInfo as Info, Result } from "../pb/index.js";
import { decodeArgs, decodeJSON } from "../values.js";
import { date, type Handshake, newHandshake } from "./handshake.js";
import { Payload } from "./values.js";

/** What came of a command, at all hubs together. */
export interface Outcome {
  /** Sockets that the target picked. */
  matched: number;
  /** Sockets for which it was done. */
  queued: number;
  /** Sockets for which it was not done. */
  dropped: number;
  /** Browsers that get it when they come back. */
  stored: number;
  /** An answer that is repeated because of the idempotency key. */
  duplicate: boolean;
  /** Version of `socket.data` after a change of one socket's. */
  dataVersion: number;
  /** Hubs whose part is missing. */
  missing: string[];
}

/** What browsers acknowledged: `expected` is `acked`, `timedOut` and `disconnected` together. */
export interface Acks {
  expected: number;
  acked: number;
  timedOut: number;
  disconnected: number;
  /** Those that are missing in `acks`, because they were more than 1 MiB. */
  omitted: number;
  acks: { socketId: string; args: unknown[] }[];
  /** Hubs whose part is missing. */
  missing: string[];
}

/** What came of a call of other services: `expected` is `answered`, `failed` and `timedOut` together. */
export interface Answers {
  expected: number;
  answered: number;
  failed: number;
  timedOut: number;
  answers: { group: string; instance: string; payload: Payload; error: StatusError | undefined }[];
  missing: string[];
}

/** A socket as a query found it. */
export interface SocketInfo {
  id: string;
  user: string;
  /** Without its own, sorted. */
  rooms: string[];
  data: unknown;
  dataVersion: number;
  hubId: string;
  transport: string;
  clientId: string;
  connectTime: Date | undefined;
  /** Where the query asked for it. */
  handshake: Handshake | undefined;
}

export function outcome(result: Result): Outcome {
  return {
    matched: result.matchedCount,
    queued: result.queuedCount,
    dropped: result.droppedCount,
    stored: result.storedCount,
    duplicate: result.duplicate,
    dataVersion: result.dataVersion,
    missing: result.missingHubIds,
  };
}

export function acksOf(last: Result, parts: readonly Result[]): Acks {
  const sum = last.ack?.$case === "ackTotal" ? last.ack.ackTotal : undefined;
  return {
    expected: sum?.expectedCount ?? 0,
    acked: sum?.ackedCount ?? 0,
    timedOut: sum?.timedOutCount ?? 0,
    disconnected: sum?.disconnectedCount ?? 0,
    omitted: sum?.omittedCount ?? 0,
    acks: [...parts.flatMap((part) => ackOf(part) ?? []), ...(sum?.acks ?? []).map(acknowledged)],
    missing: last.missingHubIds,
  };
}

/** The acknowledgement of a part. */
export function ackOf(part: Result): Acks["acks"][number] | undefined {
  return part.ack?.$case === "browserAck" ? acknowledged(part.ack.browserAck) : undefined;
}

function acknowledged({ socketId, payload }: BrowserAck): Acks["acks"][number] {
  return { socketId, args: decodeArgs(payload) };
}

export function answersOf(last: Result, parts: readonly Result[]): Answers {
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

export function infoOf({ socket, rooms, connectTime, handshake }: Info): SocketInfo {
  return {
    id: socket?.id ?? "",
    user: socket?.user ?? "",
    rooms,
    data: decodeJSON(socket?.data ?? Buffer.alloc(0)),
    dataVersion: socket?.dataVersion ?? 0,
    hubId: socket?.hubId ?? "",
    transport: socket?.transport ?? "",
    clientId: socket?.clientId ?? "",
    connectTime: date(connectTime),
    handshake: newHandshake(handshake),
  };
}
