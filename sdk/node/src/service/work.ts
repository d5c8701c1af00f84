import type { Delivery } from "../core/delivery.js";
import { HubError } from "../core/errors.js";
import { duration } from "../core/hello.js";
import type { Logger } from "../core/log.js";
import type { Connected as ConnectedMessage, Handshake as HandshakeMessage } from "../pb/index.js";
import { decodeJSON } from "../values.js";
import { within } from "./context.js";
import { AuthExpiring, ConnectAttempt, newAccept } from "./decisions.js";
import { Deny, Reject, Retry } from "./errors.js";
import { Call, Event } from "./events.js";
import { date, newHandshake } from "./handshake.js";
import type { Work } from "./lanes.js";
import { Connected, Disconnected } from "./lives.js";
import type { EventEntry, Namespace } from "./namespace.js";
import { introductionOf } from "./registry.js";
import { Socket } from "./socket.js";
import { encodeList, encodeValue, Payload } from "./values.js";

const MAX_RETRY_DELAY = 30_000;
/** Lanes of what belongs to no socket: everything in them runs beside each other. */
const BESIDE = "\0";

/** One delivery on its way through its handler. */
export class DeliveryWork implements Work {
  readonly delivery: Delivery;
  readonly lane: string;
  readonly concurrent: boolean;
  readonly last: boolean;
  readonly #namespace: Namespace;
  readonly #every: EventEntry | undefined;
  readonly #log: Logger;

  /** `every` handles all events of its subscription; undefined where each name has its own handler. */
  constructor(delivery: Delivery, namespace: Namespace, every: EventEntry | undefined, log: Logger) {
    this.delivery = delivery;
    this.#namespace = namespace;
    this.#every = every;
    this.#log = log;
    const body = delivery.message.body;
    const beside = body?.$case === "serviceCall" || body?.$case === "authExpiring";
    const returns = body?.$case === "connectAttempt" && body.connectAttempt.recovery !== undefined;
    this.lane = beside ? BESIDE : `${returns ? BESIDE : ""}${delivery.message.socket?.id ?? ""}`;
    this.concurrent = beside || (body?.$case === "event" && this.#entry?.concurrent === true);
    this.last = body?.$case === "disconnected";
  }

  get #entry() {
    const body = this.delivery.message.body;
    if (body?.$case !== "event") return undefined;
    return this.#every ?? this.#namespace.handlers.exact.get(body.event.name);
  }

  /** Whether anybody handles it: undefined for what this service should not have got at all. */
  get interested(): boolean | undefined {
    const { handlers } = this.#namespace;
    switch (this.delivery.message.body?.$case) {
      case "event":
        return this.#entry !== undefined ? true : undefined;
      case "connectAttempt":
        return handlers.connect !== undefined ? true : undefined;
      case "connected":
        return handlers.connected !== undefined && !this.#quiet(this.delivery.message.body.connected);
      case "disconnected":
        return handlers.disconnect !== undefined;
      case "authExpiring":
        return handlers.expiring !== undefined ? true : undefined;
      case "serviceCall":
        return handlers.calls.size > 0 ? true : undefined;
    }
    return undefined;
  }

  /** Whether the program was told of the socket before, by another process. */
  #quiet(connected: ConnectedMessage): boolean {
    return connected.moved && introductionOf(this.#namespace) !== "onInstance";
  }

  async run(): Promise<void> {
    const { delivery } = this;
    try {
      if (delivery.lost !== undefined) return;
      await within(delivery, () => this.#call());
      delivery.done();
    } catch (error) {
      this.#failed(error);
    } finally {
      delivery.end();
    }
  }

  async #call(): Promise<void> {
    const { delivery } = this;
    const namespace = this.#namespace;
    const { handlers } = namespace;
    const { message, member } = delivery;
    const body = message.body;
    switch (body?.$case) {
      case "event": {
        const { name, payload, wantsAck, receiveTime } = body.event;
        const facts = { socket: this.#socket(), name, wantsAck, receiveTime: date(receiveTime) };
        return this.#entry?.run(new Event(delivery, Payload.of(payload), facts, namespace.line));
      }
      case "connectAttempt": {
        const attempt = this.#attempt(body.connectAttempt.handshake, body.connectAttempt.auth);
        const accepted = await handlers.connect?.(attempt);
        delivery.accept(newAccept(accepted ?? {}), attempt._greetings);
        return;
      }
      case "authExpiring": {
        const expires = date(body.authExpiring.expireTime);
        const accepted = await handlers.expiring?.(new AuthExpiring(delivery, this.#socket(), expires));
        delivery.accept(newAccept({ ...accepted }));
        return;
      }
      case "connected": {
        if (member?.gone) return;
        if (member !== undefined) member.told = true;
        const { connectTime, late, moved, recovered, auth, handshake, rooms, roomsLeftOut } = body.connected;
        const facts = {
          socket: this.#socket(),
          handshake: newHandshake(handshake),
          connectTime: date(connectTime),
          late,
          moved,
          recovered,
          rooms,
          roomsLeftOut,
          auth: decodeJSON(auth),
        };
        return handlers.connected?.(new Connected(delivery, facts));
      }
      case "disconnected": {
        if (member !== undefined) {
          delivery.attachment.peer.forget(member);
          if (member.gone) return;
          member.gone = true;
        }
        const { recoverableUntil, disconnectTime, ...said } = body.disconnected;
        const times = { recoverableUntil: date(recoverableUntil), disconnectTime: date(disconnectTime) };
        const facts = { ...said, ...times, socket: this.#socket() };
        return handlers.disconnect?.(new Disconnected(delivery, facts));
      }
      case "serviceCall": {
        const { group, namespace: where, name, payload, wantsAnswer } = body.serviceCall;
        const handler = handlers.calls.get(name);
        if (handler === undefined) throw new HubError("UNIMPLEMENTED", `no handler for calls of ${name}`);
        const answer = await handler(new Call(delivery, Payload.of(payload), { group, namespace: where, name, wantsAnswer }));
        if (answer !== undefined && !delivery.settled) delivery.reply(encodeList(Array.isArray(answer) ? answer : [answer]));
      }
    }
  }

  #socket(): Socket {
    return new Socket(this.#namespace, this.delivery.socket, this.delivery.member);
  }

  #attempt(handshake: HandshakeMessage | undefined, auth: Buffer): ConnectAttempt {
    const { message } = this.delivery;
    const recovery = message.body?.$case === "connectAttempt" ? message.body.connectAttempt.recovery : undefined;
    return new ConnectAttempt(this.delivery, {
      namespace: message.socket?.namespace ?? "",
      socketId: message.socket?.id ?? "",
      clientId: message.socket?.clientId ?? "",
      handshake: newHandshake(handshake),
      auth: decodeJSON(auth),
      recovery: recovery && { user: recovery.user, rooms: recovery.rooms, disconnectTime: date(recovery.disconnectTime) },
    });
  }

  /** Settles a delivery whose handler failed. */
  #failed(error: unknown): void {
    const { delivery } = this;
    const body = delivery.message.body?.$case;
    const decides = body === "connectAttempt" || body === "authExpiring";
    try {
      if (error instanceof Deny && decides) return this.#deny(error);
      if (error instanceof Reject && body === "event") {
        delivery.reply(
          encodeList([{ error: { message: error.message, ...(error.data !== undefined && { data: error.data }) } }]),
        );
        return;
      }
    } catch (again) {
      return this.#nack(again);
    }
    this.#nack(error);
  }

  #deny(deny: Deny): void {
    if (deny.namespaceUnknown) this.delivery.denyNamespace();
    else this.delivery.deny(deny.message, encodeValue(deny.data, "deny.data"));
  }

  #nack(error: unknown): void {
    const { delivery } = this;
    const text = error instanceof Error ? error.message : String(error);
    const fields = {
      namespace: this.#namespace.name,
      delivery: delivery.message.body?.$case,
      socket: delivery.message.socket?.id,
      attempt: delivery.message.attempt,
    };
    if (error instanceof Retry) {
      const delay = Math.min(Math.max(error.delay, 0), MAX_RETRY_DELAY);
      delivery.nack(text, { retry: true, elsewhere: error.elsewhere, retryDelay: delay > 0 ? duration(delay) : undefined });
      this.#log.debug("a handler asks for another try", { ...fields, err: error });
      return;
    }
    const lost = delivery.lost !== undefined;
    delivery.nack(text);
    if (lost) this.#log.debug("the handler of a delivery that was given away failed", { ...fields, err: error });
    else this.#log.error("a handler failed", { ...fields, err: error, stack: (error as Error)?.stack });
  }
}
