import { duration } from "../core/hello.js";
import { checkEvent, checkRooms } from "../core/names.js";
import { AckMode, type Command, type Target } from "../pb/index.js";
import { encodeArgs } from "../values.js";
import type { BroadcastFlags, BroadcastOptions } from "./adapter.js";
import type { AnyNamespace, AnySocket } from "./any.js";

export type EmitOp = NonNullable<Command["op"]> & { $case: "emit" };

const NOBODY: string[] = [];

/** How many names one target may have; lists that are longer are cut into several commands. */
const TARGET_NAMES = 8000;

/** Everybody who is meant, as the hub knows them. */
export function targets(nsp: AnyNamespace, opts: BroadcastOptions): Target[] {
  const except = [...(opts.except ?? [])].map(String).filter((room) => room !== "");
  checkRooms(except, "target.except_rooms");
  const base = (): Target => ({
    namespace: nsp.name,
    sockets: NOBODY,
    rooms: NOBODY,
    users: NOBODY,
    all: false,
    exceptSockets: NOBODY,
    exceptRooms: except,
    exceptUsers: NOBODY,
  });
  if (opts.flags?.local) {
    const ids = nsp.adapter._local(opts).map(({ id }) => id);
    return chunks(ids).map((sockets) => ({ ...base(), sockets, exceptRooms: NOBODY }));
  }
  if (opts.rooms.size === 0) return [{ ...base(), all: true }];
  const rooms = [...opts.rooms].map(String).filter((room) => room !== ""); // nobody is in a room without a name
  checkRooms(rooms, "target.rooms");
  return rooms.length === 0 ? [] : [{ ...base(), rooms }];
}

export function oneSocket(socket: AnySocket): Target {
  return {
    namespace: socket.nsp.name,
    sockets: [socket.id],
    rooms: NOBODY,
    users: NOBODY,
    all: false,
    exceptSockets: NOBODY,
    exceptRooms: NOBODY,
    exceptUsers: NOBODY,
  };
}

export function emitOp(target: Target, data: unknown[], flags: BroadcastFlags): EmitOp {
  return {
    $case: "emit",
    emit: {
      target,
      event: checkEvent(String(data[0])),
      payload: encodeArgs(data.slice(1)),
      volatile: flags.volatile === true,
      noCompress: flags.compress === false,
      ack: undefined,
      local: false,
    },
  };
}

/** Asks for acknowledgements. */
export function askForAcks(op: EmitOp, timeout: number): void {
  op.emit.ack = { timeout: duration(timeout), mode: AckMode.ACK_MODE_TOTAL };
}

function chunks(ids: string[]): string[][] {
  const all: string[][] = [];
  for (let i = 0; i < ids.length; i += TARGET_NAMES) all.push(ids.slice(i, i + TARGET_NAMES));
  return all;
}
