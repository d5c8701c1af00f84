import { Action, AttachRequest, type Hello, type Item as HubItem, type Welcome } from "../pb/index.js";
import { BinaryWriter } from "../pb/wire.js";
import type { Attachment } from "./attachment.js";
import { lacking } from "./capability.js";
import { type Call, type Connection, callError, helloError } from "./dial.js";
import { decodeEnvelope } from "./envelope.js";
import { type HubError, StatusError, statusError } from "./errors.js";
import type { CallStatus } from "./http2-call.js";
import { Item } from "./item.js";

const HEARTBEAT = Action.encode({ kind: { $case: "heartbeat", heartbeat: {} } }).finish();
const DRAIN = Action.encode({ kind: { $case: "drain", drain: { reason: "", deadline: undefined } } }).finish();
/** How long connecting, hello and welcome may take together, in milliseconds. */
const GREETING = 10_000;
const MISSED_BEATS = 3;
/** After how many envelopes without an own one a receipt is sent by itself. */
const RECEIPT_EVERY = 64;
/** How many turns of the loop may go into one envelope. */
const MAX_TURNS = 4;
/** How long a process that is about to end waits until what it has said has left it. */
const PARTING = 250;
/** How long the hub may take to end the stream of a process that has nothing to do any more. */
const DRAIN_PATIENCE = 1000;

const writer = new BinaryWriter(128 << 10);

/** What a hello was answered with. */
export interface Greeting {
  welcome: Welcome;
  seq: number;
  early: HubItem[];
}

/** One connection to the hub, from the hello to its end. What is worth more belongs to its attachment. */
export class Stream {
  readonly address: string;
  readonly #connection: Connection;
  readonly #call: Call;
  readonly began = Date.now();
  heartbeat = 5000;
  /** This side is closed: what the hub still hands over is not taken. */
  finished = false;
  #attachment: Attachment | undefined;
  #over = false;
  #end: (error: HubError | undefined) => void = () => {};
  /** Ends the wait for the welcome. */
  #refuse: ((error: HubError) => void) | undefined;
  /** How the call ended, when that was before somebody served it. */
  #early: CallStatus | undefined;
  #said: HubError | undefined;
  #saidEnd = false;
  #scheduled = false;
  /** Is told once everything that waits has left. */
  #left: (() => void) | undefined;
  #blocked = false;
  #heard = 0;
  #beats = 0;
  #unreceipted = 0;
  #timer: NodeJS.Timeout | undefined;
  #patience: NodeJS.Timeout | undefined;
  #draining = false;

  constructor(connection: Connection, call: Call, address: string) {
    this.#connection = connection;
    this.#call = call;
    this.address = address;
  }

  /** Says hello and waits for the welcome. */
  greet(hello: Hello): Promise<Greeting> {
    return new Promise((resolve, reject) => {
      const over = (error: HubError): void => {
        clearTimeout(timer);
        this.#refuse = undefined;
        this.hangUp();
        reject(error);
      };
      this.#refuse = over;
      const timer = setTimeout(
        () => over(new StatusError("UNAVAILABLE", "", `no welcome within ${GREETING / 1000} s`)),
        GREETING,
      );
      this.#call.once("status", (status) =>
        over(lacking(helloError(status, this.address), hello) ?? new StatusError("UNAVAILABLE", "", "the stream ended")),
      );
      this.#call.once("data", (bytes: Buffer) => {
        const first = decodeEnvelope(bytes);
        const kind = first?.items[0]?.kind;
        if (first === undefined || kind?.$case !== "welcome") {
          const ended = kind?.$case === "ended" ? statusError(kind.ended.status) : undefined;
          over(lacking(ended, hello) ?? new StatusError("INTERNAL", "", "the first answer was no welcome"));
          return;
        }
        clearTimeout(timer);
        this.#refuse = undefined;
        this.#call.removeAllListeners("status");
        this.#call.once("status", (status: CallStatus) => {
          this.#early = status;
        });
        this.#call.pause();
        resolve({ welcome: kind.welcome, seq: first.envelopeSeq, early: first.items.slice(1) });
      });
      const action = { kind: { $case: "hello" as const, hello } };
      const envelopeSeq = hello.resume === undefined ? 1 : 0; // one that resumes is not counted
      this.#call.write(AttachRequest.encode({ envelopeSeq, ackEnvelopeSeq: 0, actions: [action] }).finish());
    });
  }

  /** Serves until the stream ends; undefined after an OK. */
  serve(attachment: Attachment, items: HubItem[]): Promise<HubError | undefined> {
    this.#attachment = attachment;
    attachment.stream = this;
    return new Promise((resolve) => {
      this.#end = (error) => {
        if (this.#over) return;
        this.#over = true;
        attachment.stream = undefined;
        this.hangUp();
        resolve(error);
      };
      const ended = (status: CallStatus): void => this.#end(this.#saidEnd ? this.#said : callError(status));
      this.#call.removeAllListeners("status");
      this.#call.on("status", ended);
      this.#call.on("drain", () => {
        this.#blocked = false;
        this.flush();
      });
      this.#timer = setInterval(() => this.#beat(), this.heartbeat);
      for (const item of items) attachment.item(item);
      this.#call.on("data", (bytes: Buffer) => this.#data(bytes));
      this.#call.resume();
      const early = this.#early;
      if (early !== undefined) setImmediate(() => ended(early)); // behind what came before it
      this.flush();
    });
  }

  #data(bytes: Buffer): void {
    if (this.#over) return;
    this.#heard++;
    this.#unreceipted++;
    const envelope = decodeEnvelope(bytes);
    if (envelope === undefined) return this.#end(new StatusError("INTERNAL", "", "the hub sent what is no envelope"));
    const last = envelope.items.at(-1)?.kind;
    if (last?.$case === "ended") {
      this.#saidEnd = true;
      this.#said = statusError(last.ended.status);
    }
    this.#attachment?.apply(envelope);
    if (this.#unreceipted >= RECEIPT_EVERY && this.#attachment?.out.length === 0) {
      this.#attachment.push(new Item(HEARTBEAT));
    }
  }

  /**
   * Sends what waits, once this turn of the loop is over: what is said in one turn leaves together. While turns bring more
   * a few of them do, for an envelope costs more than what stands in it. A turn that brings nothing waits for nobody.
   */
  flush(): void {
    if (this.#scheduled || this.#blocked) return;
    this.#scheduled = true;
    this.#turn(0, MAX_TURNS);
  }

  #turn(before: number, turns: number): void {
    setImmediate(() => {
      const waiting = this.#attachment?.out.length ?? 0;
      if (waiting > before && turns > 1) return this.#turn(waiting, turns - 1);
      this.#scheduled = false;
      this.#send();
    });
  }

  #send(): void {
    const attachment = this.#attachment;
    while (attachment !== undefined && !this.#over && !this.#blocked && !this.finished) {
      const batch = attachment.out.take();
      if (batch === undefined) return;
      this.#unreceipted = 0;
      writer.uint32(8).uint64(batch.seq);
      if (attachment.received > 0) writer.uint32(16).uint64(attachment.received);
      for (const item of batch.items) item.write(writer);
      const left = attachment.out.length === 0 ? this.#left : undefined;
      if (left !== undefined) this.#left = undefined;
      this.#blocked = !this.#call.write(writer.finish(), left);
    }
  }

  /** Resolves once everything that was said has left this process, or a moment later if it does not. */
  flushed(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, PARTING);
      const before = this.#left;
      this.#left = () => {
        clearTimeout(timer);
        before?.();
        resolve();
      };
      this.#attachment?.push(new Item(HEARTBEAT)); // so that there is something to write
      this.#send();
    });
  }

  #beat(): void {
    this.#beats = this.#heard > 0 ? 0 : this.#beats + 1;
    this.#heard = 0;
    if (this.#beats >= MISSED_BEATS) {
      return this.#end(new StatusError("UNAVAILABLE", "SILENT", "the hub has not been heard for three heartbeats"));
    }
    this.#attachment?.push(new Item(HEARTBEAT));
  }

  /** Asks for the end: no new work, and the hub ends the stream once nothing is open. */
  drain(): void {
    if (this.#draining || this.#over) return;
    this.#draining = true;
    this.#attachment?.push(new Item(DRAIN));
    this.drained();
  }

  /** Called whenever something has come to an end: the hub gets some time to end the stream. */
  drained(): void {
    if (!this.#draining || this.#patience !== undefined || this.#attachment?.busy) return;
    this.#patience = setTimeout(() => {
      this.#patience = undefined;
      if (this.#attachment?.busy) return;
      this.finished = true;
      this.#call.end();
    }, DRAIN_PATIENCE);
  }

  /** Breaks the connection. */
  hangUp(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#patience);
    this.#call.cancel();
    this.#connection.close();
  }

  /** Ends the stream from this side, for good. */
  abort(error: HubError): void {
    this.#refuse?.(error);
    this.#end(error);
  }
}
