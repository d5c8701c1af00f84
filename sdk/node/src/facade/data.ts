import type { Member } from "../core/peer.js";
import { decodeJSON } from "../values.js";
import type { AnySocket } from "./any.js";

/** What the hub keeps of a socket at most. */
const MAX_BYTES = 64 << 10;

/** Sockets whose data somebody has had in hands since it was compared last. */
const touched = new Set<SocketData>();
let scheduled = false;

/**
 * `socket.data`: an object of the program's own, which tells nobody when it changes. So whoever gets it is taken for
 * somebody who changes it: at the end of the turn, and after each event of the socket, what it is as JSON is compared
 * with what the hub has, and sent when it differs.
 */
export class SocketData {
  readonly #socket: AnySocket;
  #value: unknown = {};
  /** The version that was taken last. */
  version = 0;
  /** As JSON, what the hub has. */
  #known = "";
  /** Somebody has had it in hands at all. */
  #used = false;
  #stopped = false;
  #complained = false;

  constructor(socket: AnySocket) {
    this.#socket = socket;
  }

  get(): unknown {
    this.#use();
    return this.#value;
  }

  set(value: unknown): void {
    this.#value = value;
    this.#use();
  }

  #use(): void {
    this.#used = true;
    if (!this.#stopped) later(this);
  }

  /** An event was handled: its listeners may have changed what they have had in hands before. */
  readonly touched = (): void => {
    if (this.#used && !this.#stopped) later(this);
  };

  /** As JSON, for the accept; empty for an object without members. */
  first(): Buffer {
    const text = this.#text();
    this.#known = text ?? "";
    return Buffer.from(this.#known);
  }

  /** What a delivery carries: newer than what is here, unless it is our own. */
  take({ data: bytes, dataVersion }: Pick<Member, "data" | "dataVersion">): void {
    this.version = dataVersion;
    if (bytes.length === 0) return;
    const text = bytes.toString();
    if (text === this.#known) return;
    if ((this.#text() ?? "") !== this.#known) return; // it is about to be replaced
    this.#known = text;
    this.#value = decodeJSON(bytes) ?? {};
  }

  /** The socket has gone: its data is the program's alone. */
  stop(): void {
    this.#stopped = true;
    touched.delete(this);
  }

  /** Compares, and tells the hub. */
  flush(): void {
    const text = this.#text();
    if (this.#stopped || text === undefined || text === this.#known) return;
    if (!this.#socket.connected) return; // the accept has it
    this.#known = text;
    this.#socket.nsp._out.setData(this.#socket, Buffer.from(text));
  }

  /** As JSON; undefined when the hub cannot keep it. */
  #text(): string | undefined {
    let problem: string;
    try {
      const text = JSON.stringify(this.#value) ?? "";
      if (text === "{}" && this.#known === "") return "";
      if (Buffer.byteLength(text) <= MAX_BYTES) return text;
      problem = `it has more than ${MAX_BYTES} bytes`;
    } catch (error) {
      problem = (error as Error).message;
    }
    if (!this.#complained) {
      this.#complained = true;
      const { log } = this.#socket.nsp.server._bridge;
      log.warn("socket.data stays with this process", { socket: this.#socket.id, reason: problem });
    }
    return undefined;
  }
}

function later(data: SocketData): void {
  touched.add(data);
  if (scheduled) return;
  scheduled = true;
  setImmediate(() => {
    scheduled = false;
    const all = [...touched];
    touched.clear();
    for (const one of all) one.flush();
  });
}
