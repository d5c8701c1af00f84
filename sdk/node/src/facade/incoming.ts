import type { Delivery } from "../core/delivery.js";
import type { Event as EventMessage } from "../pb/index.js";
import { decodeArgs, encodeArgs, isPlain } from "../values.js";
import type { AnySocket } from "./any.js";
import { Connection } from "./connection.js";
import { hold, settleAfter } from "./settling.js";
import type { Event } from "./socket.js";

/** An event as programs that patch `onevent` know it. */
export interface Packet {
  type: number;
  nsp?: string;
  /** There when the browser waits for an acknowledgement. */
  id?: number;
  data: unknown[];
  /** @internal */
  _delivery?: Delivery;
  /** @internal Turned true once listeners were called: otherwise the event was swallowed. */
  _dispatched?: boolean;
}

type Middleware = (event: Event, next: (err?: Error) => void) => void;

const EVENT = 2;

/** The events that one browser sends: middlewares, listeners, acknowledgement, settlement. */
export class Incoming {
  readonly #socket: AnySocket;
  readonly middlewares: Middleware[] = [];

  constructor(socket: AnySocket) {
    this.#socket = socket;
  }

  take(delivery: Delivery): void {
    const socket = this.#socket;
    const event = (delivery.message.body as { event: EventMessage }).event;
    let args: unknown[];
    try {
      args = decodeArgs(event.payload);
    } catch (error) {
      delivery.nack(`arguments cannot be read: ${(error as Error).message}`);
      delivery.end();
      return;
    }
    const packet: Packet = { type: EVENT, nsp: socket.nsp.name, data: [event.name, ...args], _delivery: delivery };
    if (event.wantsAck) packet.id = delivery.seq;
    if (Connection._watched) socket.conn._tell("packet", { type: "message", data: packet.data });
    socket.onevent(packet);
    if (!packet._dispatched) settleAfter(delivery, undefined, false);
  }

  event(packet: Packet): void {
    const socket = this.#socket;
    const args = packet.data ?? [];
    const delivery = packet._delivery;
    packet._dispatched = true;
    let open = false;
    if (packet.id !== undefined && delivery !== undefined) {
      args.push(this.#ack(delivery));
      open = true;
    }
    for (const listener of socket._anyListeners ?? []) Reflect.apply(listener, socket, args);
    if (this.middlewares.length === 0) {
      process.nextTick(dispatch, this, args, delivery, open);
      return;
    }
    let asked = false;
    this.#run(args as Event, (err) => {
      asked = true;
      process.nextTick(dispatch, this, args, delivery, open, err);
    });
    if (!asked && delivery !== undefined) hold(delivery, open);
  }

  /** @internal */
  _dispatch(event: Event, delivery: Delivery | undefined, open: boolean, err: Error | undefined): void {
    const socket = this.#socket;
    const bridge = socket.nsp.server._bridge;
    const before = bridge.current;
    bridge.current = delivery;
    let promises: Promise<unknown>[] | undefined;
    try {
      if (err) socket._onerror(err);
      else if (socket.connected) promises = socket._call(event[0], event.slice(1));
    } catch (error) {
      if (delivery === undefined) throw error;
      return delivery.fail(error);
    } finally {
      bridge.current = before;
    }
    if (delivery !== undefined) settleAfter(delivery, promises, open);
    socket._data.touched();
    for (const promise of promises ?? []) promise.then(socket._data.touched, socket._data.touched);
  }

  #run(event: Event, done: (err?: Error) => void): void {
    const fns = this.middlewares.slice();
    const step = (i: number): void => {
      const fn = fns[i];
      if (fn === undefined) return done();
      fn(event, (err) => (err ? done(err) : step(i + 1)));
    };
    step(0);
  }

  /** The callback that the listener gets: it answers once. */
  #ack(delivery: Delivery): (...args: unknown[]) => void {
    const socket = this.#socket;
    let sent = false;
    return (...args) => {
      if (sent) return;
      sent = true;
      const plain = isPlain(args);
      if (Connection._watched) socket.conn._tell("packetCreate", { type: "message", data: args, options: { compress: true } });
      if (delivery.settled) {
        socket.nsp._out.acknowledge(delivery, encodeArgs(args));
        return;
      }
      try {
        if (plain) delivery.replyJSON(JSON.stringify(args));
        else delivery.reply(encodeArgs(args));
      } catch (error) {
        delivery.nack(String(error)); // too large: it is settled all the same
        throw error;
      }
    };
  }
}

function dispatch(incoming: Incoming, event: unknown[], delivery: Delivery | undefined, open: boolean, err?: Error): void {
  incoming._dispatch(event as Event, delivery, open, err);
}
