import type { Member } from "../core/peer.js";
import type { Handshake as HandshakeMessage, Socket as Message, Timestamp } from "../pb/index.js";
import { decodeJSON } from "../values.js";
import type { Namespace } from "./namespace.js";
import { Target } from "./target.js";

/** The browser's opening request. */
export interface Handshake {
  url: string;
  /** Header lines by lower-case name; of several with one name the values in their order. */
  headers: Record<string, string[]>;
  query: Record<string, string>;
  remoteAddress: string;
  origin: string;
  transport: string;
  /** Engine.IO's revision: 4, or 3. */
  protocolVersion: number;
  secure: boolean;
  issueTime: Date | undefined;
}

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

  /** Its rooms as far as they are tracked, sorted, without its own. */
  get rooms(): string[] {
    return [...(this.#member?.rooms ?? [])].sort();
  }
}

export function newHandshake(message: HandshakeMessage | undefined): Handshake | undefined {
  if (message === undefined) return undefined;
  const headers: Record<string, string[]> = {};
  for (const { name, value } of message.headers) {
    const key = name.toLowerCase();
    headers[key] = [...(headers[key] ?? []), value];
  }
  return {
    url: message.url,
    headers,
    query: Object.fromEntries(message.query.map(({ name, value }) => [name, value])),
    remoteAddress: message.remoteAddress,
    origin: message.origin,
    transport: message.transport,
    protocolVersion: message.protocolVersion,
    secure: message.secure,
    issueTime: date(message.issueTime),
  };
}

export function date(time: Timestamp | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time.seconds * 1000 + time.nanos / 1e6);
}
