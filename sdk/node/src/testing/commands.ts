import {
  AckMode,
  type BrowserAck,
  type Command,
  Kind,
  NoticeKind,
  Result,
  type SetData,
  Settlement,
  Status,
  type Target,
} from "../pb/index.js";
import { decodeArgs } from "../values.js";
import type { Browser } from "./browser.js";
import { callAll } from "./calls.js";
import type { Desk } from "./desk.js";
import { changeRooms, observe } from "./presence.js";
import type { Session } from "./session.js";
import { countBy, merged } from "./sums.js";

type Made = Parameters<typeof Result.fromPartial>[0];
type Answer = (result: Made) => void;
type Op<K extends string> = Extract<NonNullable<Command["op"]>, { $case: K }>;

/** What became of a command whose caller wants to hear of it, or of its failure. */
export function carryOut(desk: Desk, session: Session, command: Command): void {
  const { commandId, idempotencyKey: key } = command;
  const answer: Answer = (made) => {
    const result = Result.fromPartial(made);
    if (key !== "" && !result.more) desk.keys.set(key, result);
    if (commandId !== 0) session.result({ ...result, commandId });
    else if (result.status !== undefined && result.ack === undefined) failed(session, result.status);
  };
  const known = key === "" ? undefined : desk.keys.get(key);
  if (known !== undefined) return answer({ ...known, duplicate: true });
  if (!session.fenced(command.deliverySeq)) return answer(refusal(10, "LEASE_LOST"));
  const op = command.op;
  if (op === undefined) return answer(refusal(3, "NO_OPERATION", "op"));
  const wrong = problem(op);
  if (wrong !== undefined) return answer({ status: wrong });
  (OPS[op.$case] as (desk: Desk, op: never, answer: Answer, session: Session) => void)(desk, op as never, answer, session);
}

function failed(session: Session, status: Status): void {
  session.say({ $case: "notice", notice: { kind: NoticeKind.NOTICE_KIND_COMMAND_FAILED, status, count: 1, fact: undefined } });
}

function refusal(code: number, reason: string, field = ""): Made {
  return { status: { code, reason, field, message: reason } };
}

/** What is wrong about a command, as the hub would say. */
function problem(op: NonNullable<Command["op"]>): Status | undefined {
  const rooms = op.$case === "updateRooms" ? [...op.updateRooms.join, ...op.updateRooms.leave] : [];
  const bad = rooms.findIndex((room) => room === "" || Buffer.byteLength(room) > 256 || room.startsWith("\u0001"));
  if (bad >= 0) return Status.fromPartial({ code: 3, reason: "ROOM_NAME", field: `update_rooms.join[${bad}]` });
  try {
    if (op.$case === "emit") decodeArgs(op.emit.payload);
  } catch (error) {
    return Status.fromPartial({ code: 3, reason: "BAD_ARGS", field: "emit.payload.args", message: (error as Error).message });
  }
  return undefined;
}

/** The sockets that a target means. */
function pick(desk: Desk, target: Target | undefined): Browser[] {
  if (target === undefined) return [];
  const any = (names: readonly string[], rooms: Iterable<string>): boolean => [...rooms].some((room) => names.includes(room));
  return [...desk.browsers.values()].filter((browser) => {
    if (!browser.connected || browser.namespace !== target.namespace) return false;
    const rooms = [browser.id, ...browser.rooms];
    const meant =
      target.all || target.sockets.includes(browser.id) || any(target.rooms, rooms) || isOf(target.users, browser.user);
    const left =
      target.exceptSockets.includes(browser.id) || any(target.exceptRooms, rooms) || isOf(target.exceptUsers, browser.user);
    return meant && !left;
  });
}

function isOf(users: readonly string[], user: string): boolean {
  return user !== "" && users.includes(user);
}

function counted(browsers: readonly unknown[]): Made {
  return { matchedCount: browsers.length, queuedCount: browsers.length };
}

const OPS = {
  emit(desk: Desk, { emit }: Op<"emit">, answer: Answer, session: Session): void {
    const browsers = pick(desk, emit.target);
    const emitted = { emit, group: session.group, matchedCount: browsers.length, queuedCount: browsers.length, droppedCount: 0 };
    const namespace = emit.target?.namespace ?? "";
    observe(desk, undefined, namespace, Kind.KIND_EMITS, { $case: "emitted", emitted }, emit.event);
    if (emit.ack !== undefined) return acknowledged(desk, emit, browsers, answer);
    for (const browser of browsers) browser.receive(emit.event, emit.payload);
    desk.changed();
    answer(counted(browsers));
  },
  updateRooms(desk: Desk, { updateRooms }: Op<"updateRooms">, answer: Answer): void {
    const browsers = pick(desk, updateRooms.target);
    for (const browser of browsers) changeRooms(desk, browser, updateRooms.join, updateRooms.leave);
    answer(counted(browsers));
  },
  disconnect(desk: Desk, { disconnect }: Op<"disconnect">, answer: Answer): void {
    const browsers = pick(desk, disconnect.target);
    for (const browser of browsers) void desk.leave(browser, "server namespace disconnect");
    answer(counted(browsers));
  },
  setData(desk: Desk, { setData }: Op<"setData">, answer: Answer): void {
    const browsers = pick(desk, setData.target);
    const changed = browsers.filter((browser) => change(browser, setData));
    const dropped = browsers.length - changed.length;
    const [one, ...others] = browsers;
    const single = setData.target?.sockets.length === 1 && one !== undefined && others.length === 0;
    answer({
      matchedCount: browsers.length,
      queuedCount: changed.length,
      droppedCount: dropped,
      ...(single && { dataVersion: one.dataVersion }),
      ...(single && dropped > 0 && refusal(9, "DATA_VERSION")),
    });
  },
  fetch(desk: Desk, { fetch }: Op<"fetch">, answer: Answer): void {
    answer({ sockets: pick(desk, fetch.target).map((browser) => browser.info()) });
  },
  count(desk: Desk, { count }: Op<"count">, answer: Answer): void {
    answer({ count: pick(desk, count.target).length });
  },
  listRooms(desk: Desk, { listRooms }: Op<"listRooms">, answer: Answer): void {
    const rooms = here(desk, listRooms.namespace).flatMap((browser) => [...browser.rooms]);
    answer({ rooms: countBy(rooms, listRooms.prefix).map(([name, socketCount]) => ({ name, socketCount })) });
  },
  countUsers(desk: Desk, { countUsers }: Op<"countUsers">, answer: Answer): void {
    answer({ count: users(desk, countUsers.namespace, "").length });
  },
  listUsers(desk: Desk, { listUsers }: Op<"listUsers">, answer: Answer): void {
    const all = users(desk, listUsers.namespace, listUsers.prefix);
    answer({ users: all.map(([id, socketCount]) => ({ id, socketCount })) });
  },
  acknowledge(desk: Desk, { acknowledge }: Op<"acknowledge">, answer: Answer): void {
    const key = acknowledge.dedupeId.toString("hex");
    const open = desk.later.get(key);
    if (open === undefined || !desk.later.delete(key)) return answer(refusal(5, "NO_SUCH_ACK"));
    const reply = Settlement.fromPartial({ outcome: { $case: "reply", reply: { payload: acknowledge.payload } } });
    open.settled(reply, undefined, () => {});
    answer({ matchedCount: 1, queuedCount: 1 });
  },
  revoke(desk: Desk, { revoke }: Op<"revoke">, answer: Answer): void {
    const meant = [...desk.browsers.values()].filter(
      (browser) => browser.connected && (revoke.sockets.includes(browser.id) || isOf(revoke.users, browser.user)),
    );
    for (const browser of meant) void desk.leave(browser, "forced server close", "revoked");
    answer(counted(meant));
  },
  call(desk: Desk, { call }: Op<"call">, answer: Answer, session: Session): void {
    callAll(desk, call, session, answer);
  },
} satisfies Record<NonNullable<Command["op"]>["$case"], unknown>;

/** An emit whose acknowledgements are waited for, as long as it says. */
function acknowledged(desk: Desk, emit: Op<"emit">["emit"], browsers: Browser[], answer: Answer): void {
  const each = emit.ack?.mode === AckMode.ACK_MODE_EACH;
  const acks: BrowserAck[] = [];
  let open = browsers.length;
  let over = false;
  const end = (): void => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    const missing = browsers.length - acks.length;
    const ackTotal = {
      expectedCount: browsers.length,
      ackedCount: acks.length,
      timedOutCount: missing,
      acks: each ? [] : acks,
    };
    const late = missing > 0 ? refusal(4, "ACKS_TIMED_OUT") : {};
    answer({ ...counted(browsers), ack: { $case: "ackTotal", ackTotal }, ...late });
  };
  const { seconds = 0, nanos = 0 } = emit.ack?.timeout ?? {};
  const timer = setTimeout(end, seconds * 1000 + nanos / 1e6);
  for (const browser of browsers) {
    browser.receive(emit.event, emit.payload, (payload) => {
      if (over) return;
      if (payload !== undefined) {
        const browserAck = { socketId: browser.id, payload };
        acks.push(browserAck);
        if (each) answer({ more: true, ack: { $case: "browserAck", browserAck } });
      }
      if (--open === 0) end();
    });
  }
  desk.changed();
  if (browsers.length === 0) end();
}

function change(browser: Browser, op: SetData): boolean {
  if (op.expectedVersion !== undefined && op.expectedVersion !== browser.dataVersion) return false;
  browser.data = op.merge ? merged(browser.data, op.data) : Buffer.from(op.data);
  browser.dataVersion++;
  return true;
}

function here(desk: Desk, namespace: string): Browser[] {
  return [...desk.browsers.values()].filter((browser) => browser.connected && browser.namespace === namespace);
}

function users(desk: Desk, namespace: string, prefix: string): [string, number][] {
  const all = here(desk, namespace).map((browser) => browser.user);
  return countBy(
    all.filter((user) => user !== ""),
    prefix,
  );
}
