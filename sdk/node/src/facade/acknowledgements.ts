import type { BrowserAck, Result } from "../pb/index.js";
import { decodeArgs } from "../values.js";
import type { AnyListener, AnySocket } from "./any.js";
import { askForAcks, type EmitOp } from "./targets.js";

/** The longest time that the hub waits for an acknowledgement, in milliseconds: of a callback without `timeout`. */
const LONGEST = 300_000;
/** What the hub gets beyond the program's own time, so that an answer of the last moment counts. */
const GRACE = 1000;
const TIMED_OUT = "operation has timed out";

/** Callbacks that wait for browsers, and for other processes. */
export class Acknowledgements {
  /** How long `serverSideEmit` waits for the others, in milliseconds. */
  static readonly callTimeout = 5000;

  /** One browser: without a time-out the callback waits as long as the hub does, and is not called when the browser leaves. */
  emit(
    socket: AnySocket,
    op: EmitOp,
    timeout: number | undefined,
    ack: AnyListener,
    send: (done: (result: Result | undefined) => void) => void,
  ): void {
    askForAcks(op, hubTimeout(timeout));
    if (timeout === undefined) {
      send((result) => {
        const args = answers(result)[0];
        if (args !== undefined) ack.apply(socket, args);
      });
      return;
    }
    let over = false;
    const timer = setTimeout(() => {
      over = true;
      ack.call(socket, new Error(TIMED_OUT));
    }, timeout);
    send((result) => {
      const args = answers(result)[0];
      if (over || args === undefined) return; // the timer tells
      clearTimeout(timer);
      ack.apply(socket, [null, ...args]);
    });
  }

  /** Many browsers: the first argument of each. Who stays away makes an error beside what the others said. */
  broadcast(
    ops: EmitOp[],
    timeout: number | undefined,
    ack: (err: Error | null, responses: unknown[]) => void,
    send: (op: EmitOp, done: (result: Result | undefined) => void) => void,
  ): void {
    const responses: unknown[] = [];
    let open = ops.length;
    let complete = true;
    if (open === 0) return void process.nextTick(ack, null, responses);
    for (const op of ops) {
      askForAcks(op, Math.min(Math.max(timeout ?? 1, 1), LONGEST));
      send(op, (result) => {
        for (const args of answers(result)) responses.push(args[0]);
        if (result === undefined || result.status !== undefined) complete = false;
        if (--open === 0) ack(complete ? null : new Error(TIMED_OUT), responses);
      });
    }
  }

  /** Other processes. */
  call(ack: AnyListener, send: (done: (last: Result | undefined, parts: Result[]) => void) => void): void {
    send((last, parts) => {
      const responses: unknown[] = [];
      for (const { ack: part } of parts) {
        if (part?.$case !== "callAnswer" || part.callAnswer.status !== undefined) continue;
        responses.push(decodeArgs(part.callAnswer.payload)[0]);
      }
      const total = last?.ack?.$case === "callTotal" ? last.ack.callTotal : undefined;
      const expected = total?.expectedCount ?? 0;
      const failed = total === undefined || total.timedOutCount + total.failedCount > 0;
      const err = failed ? new Error(`timeout reached: only ${responses.length} responses received out of ${expected}`) : null;
      ack(err, responses);
    });
  }
}

function hubTimeout(timeout: number | undefined): number {
  return timeout === undefined ? LONGEST : Math.min(Math.max(timeout, 0) + GRACE, LONGEST);
}

/** The arguments of each acknowledgement. */
function answers(result: Result | undefined): unknown[][] {
  const acks: BrowserAck[] = result?.ack?.$case === "ackTotal" ? result.ack.ackTotal.acks : [];
  return acks.map(({ payload }) => decodeArgs(payload));
}
