import { StatusError } from "../core/errors.js";
import type { Member } from "../core/peer.js";
import type { Socket as Message } from "../pb/index.js";
import { decodeJSON } from "../values.js";
import type { Namespace } from "./namespace.js";
import { Target } from "./target.js";

/** A socket as the hub last told of it. Its methods speak to the browser wherever it is. */
export class Socket<Data = unknown> extends Target {
  readonly id: string;
  readonly namespace: string;
  /** The user that the accept gave; empty when there is none. */
  readonly user: string;
  readonly hubId: string;
  readonly transport: string;
  /** Names the browser's connection. */
  readonly clientId: string;
  readonly dataVersion: number;
  readonly #data: Buffer;
  readonly #member: Member | undefined;

  /** @internal */
  constructor(namespace: Namespace, message: Message, member: Member | undefined) {
    super(namespace.line, { namespace: message.namespace, sockets: [message.id] }, message.hubId);
    this.id = message.id;
    this.namespace = message.namespace;
    this.user = message.user;
    this.hubId = message.hubId;
    this.transport = message.transport;
    this.clientId = message.clientId;
    this.dataVersion = member?.dataVersion ?? message.dataVersion;
    this.#data = member?.data ?? message.data;
    this.#member = member;
  }

  /** `socket.data` at the time of the delivery; undefined when there is none. */
  get data(): Data | undefined {
    return decodeJSON(this.#data) as Data | undefined;
  }

  /** The members of rooms, this socket left out. */
  override to(...rooms: string[]): Target {
    return this.#others({ rooms });
  }

  /** Everybody in the namespace but this socket. */
  get broadcast(): Target {
    return this.#others({ all: true });
  }

  #others(target: { rooms?: string[]; all?: boolean }): Target {
    return new Target(this._line, { namespace: this.namespace, exceptSockets: [this.id], ...target });
  }

  /** Emits, and waits for the browser's acknowledgement: its arguments. `timeout` in milliseconds, at most five minutes. */
  async ask(timeout: number, event: string, ...args: unknown[]): Promise<unknown[]> {
    const { acks } = await this.emitWithAck(timeout, event, ...args);
    if (acks[0] === undefined) throw new StatusError("NOT_FOUND", "", `the socket ${this.id} has gone`);
    return acks[0].args;
  }

  /** Its rooms as far as they are tracked, sorted, without its own. */
  get rooms(): string[] {
    return [...(this.#member?.rooms ?? [])].sort();
  }
}
