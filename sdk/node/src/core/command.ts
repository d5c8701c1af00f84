import { Action, type Command } from "../pb/index.js";
import { BinaryWriter } from "../pb/wire.js";
import type { Delivery } from "./delivery.js";
import { Item } from "./item.js";

/** A command as the parts of the kit give it to the line. */
export interface Order {
  op: Command["op"];
  /** The hub of all sockets that it is for; undefined where there is none. */
  at?: string | undefined;
  /** The delivery in whose handler it is made. */
  from?: Delivery | undefined;
  /** Idempotency key. */
  key?: string | undefined;
  traceparent?: string | undefined;
  tracestate?: string | undefined;
  /** Goes over the stream of `from`, but stands alone: it is carried out whoever has the delivery by then. */
  unfenced?: boolean;
}

const writer = new BinaryWriter(16 << 10);
let ids = 0;

/** A command_id, of which this process has no other. */
export function nextId(): number {
  return ++ids;
}

export function message(order: Order, commandId: number): Command {
  return {
    commandId,
    deliverySeq: order.from === undefined || order.unfenced ? 0 : order.from.seq,
    idempotencyKey: order.key ?? "",
    traceparent: order.traceparent ?? "",
    tracestate: order.tracestate ?? "",
    op: order.op,
  };
}

/** The command as it is sent. An id of 0 asks for no result. */
export function encode(order: Order, id: number): Item {
  const command = message(order, id);
  const data = Action.encode({ kind: { $case: "command", command } }, writer).finish();
  const free = command.deliverySeq === 0 && command.idempotencyKey === "" && order.op?.$case !== "acknowledge";
  return new Item(data, id, free);
}
