// The commands of the conformance program, and how their errors are told.
import {
  ClosedError,
  HubError,
  InvalidError,
  LeaseLostError,
  OutcomeUnknownError,
  TimeoutError,
  TooLargeError,
  UnavailableError,
} from "@siohub/server/service";

function classOf(error) {
  if (error instanceof TooLargeError || error.reason === "ENVELOPE_TOO_LARGE") return "too_large";
  if (error instanceof InvalidError || error.code === "INVALID_ARGUMENT") return "invalid";
  if (error instanceof LeaseLostError || error.code === "ABORTED") return "lease_lost";
  if (error instanceof OutcomeUnknownError) return "outcome_unknown";
  if (error instanceof UnavailableError) return "unavailable";
  if (error instanceof TimeoutError || error.code === "DEADLINE_EXCEEDED") return "timeout";
  if (error.code === "CANCELLED" && error.reason !== "SETTLEMENT_REFUSED") return "gone";
  if (error instanceof ClosedError) return "closed";
  return "status";
}

export function failure(error) {
  if (!(error instanceof HubError) && !(error instanceof TimeoutError)) throw error;
  return { error: { class: classOf(error), code: error.code ?? "", reason: error.reason ?? "", field: error.field ?? "" } };
}

function acked(result) {
  return {
    expected: result.expected,
    acked: result.acked,
    timed_out: result.timedOut,
    disconnected: result.disconnected,
    acks: result.acks.map(({ socketId, args }) => [socketId, args]),
  };
}

function called(result) {
  return {
    expected: result.expected,
    answered: result.answered,
    failed: result.failed,
    timed_out: result.timedOut,
    answers: result.answers.map(({ group, instance, payload, error }) => ({
      group,
      instance,
      ...(error === undefined ? { args: payload.decode() } : failure(error)),
    })),
  };
}

/** The target of a command. */
function pick(namespace, wanted) {
  let target = namespace;
  if (wanted.sockets) target = target.sockets(...wanted.sockets);
  if (wanted.rooms) target = target.to(...wanted.rooms);
  if (wanted.users) target = target.users(...wanted.users);
  if (wanted.all) target = target.all();
  if (wanted.except_rooms) target = target.except(...wanted.except_rooms);
  if (wanted.except_sockets) target = target.exceptSockets(...wanted.except_sockets);
  return wanted.key ? target.idempotent(wanted.key) : target;
}

const commands = {
  emit: (_service, target, { event, args, volatile = false }) => {
    target.emitting({ volatile }).emit(event, ...(args ?? []));
    return {};
  },
  emit_result: async (_service, target, { event, args, volatile = false }) => {
    const { matched, queued, dropped, duplicate } = await target.emitting({ volatile }).emitResult(event, ...(args ?? []));
    return { matched, queued, dropped, duplicate };
  },
  emit_ack: async (_service, target, wanted) =>
    acked(await target.emitWithAck(wanted.timeout_ms, wanted.event, ...(wanted.args ?? []))),
  emit_each: async (_service, target, wanted) => {
    const acks = [];
    await target
      .emitEach(wanted.timeout_ms, wanted.event, wanted.args ?? [], (socket, args) => acks.push([socket, args]))
      .catch((error) => {
        throw Object.assign(error, { told: { acks } });
      });
    return { acks };
  },
  join: async (_service, target, { join }) => ({ matched: (await target.join(...join)).matched }),
  leave: async (_service, target, { leave }) => ({ matched: (await target.leave(...leave)).matched }),
  disconnect: async (_service, target, { close }) => ({ matched: (await target.disconnect(close)).matched }),
  set_data: async (_service, target, { data, merge, expected }) => ({
    version: (await target.setData(data, { merge, expectedVersion: expected })).dataVersion,
  }),
  fetch: async (_service, target) => {
    const { sockets, missing } = await target.fetchSockets();
    return { sockets: sockets.map(({ id, user, rooms, data }) => ({ id, user, rooms, data: data ?? null })), missing };
  },
  count: (_service, target) => target.count(),
  list_rooms: async (service, _target, { prefix }) => {
    const { rooms, missing } = await service.listRooms("/", prefix);
    return { rooms: rooms.map(({ name, count }) => [name, count]), missing };
  },
  call: async (service, _target, { group, name, args, timeout_ms: timeout }) =>
    called(await service.call(group ?? "", "/", name, args ?? [], timeout)),
  tell: async (service, _target, { group, name, args }) => ({
    matched: (await service.tell(group ?? "", "/", name, args ?? [])).matched,
  }),
};

/** Does a command; what comes of it. */
export async function command(service, namespace, wanted) {
  try {
    return await commands[wanted.op](service, pick(namespace, wanted), wanted);
  } catch (error) {
    const told = error.told ?? (error.result?.acks ? acked(error.result) : error.result?.answers ? called(error.result) : {});
    return { ...told, ...failure(error) };
  }
}
