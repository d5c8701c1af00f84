import { type Call, type CallAnswer, Kind, type Result, Role, type Settlement, Status } from "../pb/index.js";
import type { Desk } from "./desk.js";
import { best } from "./interest.js";
import type { Session } from "./session.js";

type Made = Parameters<typeof Result.fromPartial>[0];

/** Hands a call of one instance to all others that take it, and adds up what they answer. */
export function callAll(desk: Desk, call: Call, caller: Session, answer: (result: Made) => void): void {
  const { group, namespace, name, payload, timeout } = call;
  const subject = { role: Role.ROLE_HANDLER, namespace, kind: Kind.KIND_SERVICE_CALL };
  const called = [...desk.sessions].filter(
    (session) =>
      session !== caller && session.takes && (group === "" || session.group === group) && session.asks(subject.kind, namespace),
  );
  const counted = { matchedCount: called.length, queuedCount: called.length };
  const wait = timeout === undefined ? 0 : timeout.seconds * 1000 + timeout.nanos / 1e6;
  const answers: CallAnswer[] = [];
  let over = wait === 0;
  const end = (): void => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    const failedCount = answers.filter(({ status }) => status !== undefined).length;
    const timedOutCount = called.length - answers.length;
    const answeredCount = answers.length - failedCount;
    const callTotal = { expectedCount: called.length, answeredCount, failedCount, timedOutCount };
    const status = timedOutCount > 0 ? { status: { code: 4, reason: "CALL_TIMED_OUT" } } : {};
    answer({ ...counted, ack: { $case: "callTotal", callTotal }, ...status });
  };
  const timer = over ? undefined : setTimeout(end, wait);
  for (const session of called) {
    const serviceCall = { group: caller.group, namespace, name, payload, wantsAnswer: wait > 0, timeout };
    const handover = desk.handover(subject, { $case: "serviceCall", serviceCall }, undefined);
    handover.settled = (settlement) => {
      if (over) return;
      const callAnswer = answerOf(session, settlement);
      answers.push(callAnswer);
      answer({ more: true, ack: { $case: "callAnswer", callAnswer } });
      if (answers.length === called.length) end();
    };
    const subscription = best(session.subscriptions, subject);
    if (subscription !== undefined) session.hand(handover, subscription);
  }
  if (over) answer(counted);
  else if (called.length === 0) end();
}

function answerOf({ group, instance }: Session, settlement: Settlement | undefined): CallAnswer {
  const outcome = settlement?.outcome;
  const given = { group, instanceId: instance, payload: undefined, status: undefined };
  if (outcome?.$case === "reply") return { ...given, payload: outcome.reply.payload };
  if (outcome?.$case === "nack") return { ...given, status: outcome.nack.status };
  return { ...given, status: Status.fromPartial({ code: 5, reason: "NO_ANSWER", message: "nobody has answered" }) };
}
