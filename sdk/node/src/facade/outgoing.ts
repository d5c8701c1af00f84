import { commandError } from "../core/capability.js";
import type { Order } from "../core/command.js";
import type { Delivery } from "../core/delivery.js";
import { HubError, StatusError, UnavailableError } from "../core/errors.js";
import { duration } from "../core/hello.js";
import { Sampled } from "../core/log.js";
import type { Waiter } from "../core/results.js";
import type { Command, Payload, Result, Target } from "../pb/index.js";
import { encodeArgs } from "../values.js";
import { Acknowledgements } from "./acknowledgements.js";
import type { BroadcastFlags, BroadcastOptions } from "./adapter.js";
import type { AnyListener, AnyNamespace, AnySocket } from "./any.js";
import type { Bridge } from "./bridge.js";
import { Connection } from "./connection.js";
import { Fetching } from "./fetching.js";
import type { Room, SocketId } from "./reserved.js";
import { emitOp, oneSocket, targets } from "./targets.js";

/** What namespaces and sockets say to browsers, as commands. */
export class Outgoing {
  readonly #bridge: Bridge;
  readonly #acks = new Acknowledgements();
  readonly #fetching: Fetching;
  readonly #refused = new Sampled();
  readonly #unasked = new Sampled();

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
    this.#fetching = new Fetching(bridge);
  }

  emit(socket: AnySocket, data: unknown[], flags: BroadcastFlags, ack: AnyListener | undefined): void {
    watched(socket, data, flags);
    const op = emitOp(oneSocket(socket), data, flags);
    if (ack !== undefined) return this.#acks.emit(socket, op, flags.timeout, ack, this.#asker(socket, op));
    if (socket._early !== undefined) {
      socket._early.push(() => this.#tell({ op, at: socket._hubId }));
      return;
    }
    this.#tell({ op, at: socket._hubId }); // of one that has left too: its session may be taken up
  }

  /** Sends a command of one socket whose result somebody waits for. */
  #asker(socket: AnySocket, op: Command["op"]) {
    return (done: (result: Result | undefined) => void): void => {
      const send = (): void => this.#ask({ op, at: socket._hubId }, (result) => done(result));
      if (socket._early !== undefined) socket._early.push(send);
      else send();
    };
  }

  broadcast(nsp: AnyNamespace, data: unknown[], opts: BroadcastOptions): void {
    if (nsp._watched || Connection._watched) {
      for (const socket of nsp.adapter._local(opts)) {
        socket._notifyOutgoing(data);
        watched(socket, data, opts.flags ?? {});
      }
    }
    for (const target of targets(nsp, opts)) this.#tell({ op: emitOp(target, data, opts.flags ?? {}) });
  }

  broadcastWithAck(
    nsp: AnyNamespace,
    data: unknown[],
    opts: BroadcastOptions,
    ack: (err: Error | null, responses: unknown[]) => void,
  ): void {
    if (nsp._watched) for (const socket of nsp.adapter._local(opts)) socket._notifyOutgoing(data);
    const ops = targets(nsp, opts).map((target) => emitOp(target, data, opts.flags ?? {}));
    this.#acks.broadcast(ops, opts.flags?.timeout, ack, (op, done) => this.#ask({ op }, done));
  }

  acknowledge(delivery: Delivery, payload: Payload): void {
    const op: Command["op"] = { $case: "acknowledge", acknowledge: { dedupeId: delivery.message.dedupeId, payload } };
    this.#tell({ op, at: delivery.attachment.peer.hubId });
  }

  /** Changes the rooms of one socket: they are changed on this side already. */
  updateRooms(nsp: AnyNamespace, id: SocketId, join: Room[], leave: Room[]): Promise<void> | void {
    const socket = nsp._socket(id);
    if (socket === undefined || socket._early !== undefined) return; // the accept has its rooms
    const own = (room: Room): boolean => room === id;
    if (join.every(own) && leave.every(own)) return;
    this.#change(
      nsp,
      oneSocket(socket),
      [socket],
      join.filter((room) => room !== id),
      leave.filter((room) => room !== id),
      socket._hubId,
    );
  }

  updateMany(nsp: AnyNamespace, opts: BroadcastOptions, local: AnySocket[], join: Room[], leave: Room[]): void {
    for (const target of targets(nsp, opts)) this.#change(nsp, target, local, join, leave, undefined);
  }

  #change(nsp: AnyNamespace, target: Target, local: AnySocket[], join: Room[], leave: Room[], at: string | undefined): void {
    const rooms = [...join, ...leave].map(String);
    const pending = nsp._pending;
    for (const { id } of local) pending.add(id, rooms);
    const op: Command["op"] = { $case: "updateRooms", updateRooms: { target, join: join.map(String), leave: leave.map(String) } };
    this.#ask({ op, at }, (result) => {
      for (const { id } of local) pending.remove(id, rooms);
      const error = commandError(result);
      if (error === undefined || error.code === "NOT_FOUND") return;
      // Its browser is not in these rooms: neither is it here.
      for (const { id } of local) for (const room of join) nsp.adapter._unmirror(id, room);
    });
  }

  disconnect(socket: AnySocket, close: boolean): void {
    const op: Command["op"] = { $case: "disconnect", disconnect: { target: oneSocket(socket), closeTransport: close } };
    this.#tell({ op, at: socket._hubId });
  }

  disconnectMany(nsp: AnyNamespace, opts: BroadcastOptions, close: boolean): void {
    for (const target of targets(nsp, opts)) {
      this.#tell({ op: { $case: "disconnect", disconnect: { target, closeTransport: close } } });
    }
  }

  setData(socket: AnySocket, data: Buffer): void {
    const setData = { target: oneSocket(socket), data, expectedVersion: undefined, merge: false };
    this.#tell({ op: { $case: "setData", setData }, at: socket._hubId });
  }

  /** Closes the connection of a socket, whose client comes back to be decided upon anew. */
  revoke(id: SocketId, at: string): void {
    this.#tell({ op: { $case: "revoke", revoke: { users: [], sockets: [id] } }, at });
  }

  fetch(nsp: AnyNamespace, opts: BroadcastOptions): Promise<unknown[]> {
    return this.#fetching.fetch(nsp, targets(nsp, opts));
  }

  serverSideEmit(nsp: AnyNamespace, packet: unknown[]): void {
    const data = packet.slice();
    const ack = typeof data[data.length - 1] === "function" ? (data.pop() as AnyListener) : undefined;
    const [name, ...args] = data;
    const call = {
      group: this.#bridge.settings.group,
      namespace: nsp.name,
      name: String(name),
      payload: encodeArgs(args),
      timeout: ack === undefined ? undefined : duration(Acknowledgements.callTimeout),
    };
    const order: Order = { op: { $case: "call", call } };
    if (ack === undefined) this.#tell(order);
    else this.#acks.call(ack, (done) => this.#ask(order, done));
  }

  /** Sends a command. One made while listeners run goes over the stream of their event, so that the order holds. */
  #tell(order: Order): void {
    this.#bridge.core.line.tell(this.#placed(order));
  }

  #ask(order: Order, done: (last: Result | undefined, parts: Result[]) => void): void {
    const lost = (error: HubError): void => {
      this.#bridge.log.debug("a command has no result", { op: order.op?.$case, err: error });
      done(undefined, []);
    };
    const waiter: Waiter = {
      done: (last, parts) => {
        const error = commandError(last);
        if (error !== undefined && order.op?.$case !== "emit" && order.op?.$case !== "call") this.#complain(order, error);
        done(last, parts);
      },
      lost,
    };
    try {
      this.#bridge.core.line.ask(this.#placed(order), waiter);
    } catch (error) {
      if (error instanceof StatusError || !(error instanceof HubError)) throw error; // the call itself is wrong
      const count = error instanceof UnavailableError ? this.#unasked.count() : 0;
      if (count > 0) this.#bridge.log.warn("commands are dropped", { op: order.op?.$case, err: error, count });
      process.nextTick(lost, error); // as if it had been lost on its way: a listener has nothing to catch
    }
  }

  #placed(order: Order): Order {
    const current = this.#bridge.current;
    if (order.at === undefined && current !== undefined && current.lost === undefined) {
      order.from = current;
      order.unfenced = true;
    }
    return order;
  }

  #complain(order: Order, error: StatusError): void {
    if (["NOT_FOUND", "CANCELLED", "ABORTED"].includes(error.code)) return; // it has gone meanwhile
    const count = this.#refused.count();
    const fields = { op: order.op?.$case, code: error.code, reason: error.reason, field: error.field, err: error, count };
    if (count > 0) this.#bridge.log.warn("the hub refuses a command", fields);
  }
}

/** Tells who watches the connection that something is sent. */
function watched(socket: AnySocket, data: unknown[], flags: BroadcastFlags): void {
  if (!Connection._watched) return;
  socket.conn._tell("packetCreate", { type: "message", data, options: { compress: flags.compress !== false } });
}
