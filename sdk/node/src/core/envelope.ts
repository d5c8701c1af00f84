import { type AttachResponse, type Delivery, type Event, Item, type Payload, Timestamp } from "../pb/index.js";
import { BinaryReader } from "../pb/wire.js";

const NOTHING: Buffer[] = [];

/**
 * An event's delivery as it came: what every event needs is read at once, the rest when somebody asks. Such are most of
 * what a process gets; the generated code makes a dozen objects of each.
 */
export class EventMessage implements Delivery {
  deliverySeq = 0;
  attempt = 0;
  subscriptionId = 0;
  traceparent = "";
  tracestate = "";
  settleTimeout: Delivery["settleTimeout"];
  /** Set once it is known whose it is: see `Peer.whose`. */
  socket: Delivery["socket"];
  readonly bytes: Buffer;
  socketStart = 0;
  socketEnd = 0;
  readonly body: { $case: "event"; event: EventBody };
  #dedupe = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.body = { $case: "event", event: new EventBody(bytes) };
  }

  get dedupeId(): Buffer {
    return this.#dedupe === 0 ? Buffer.alloc(0) : this.bytes.subarray(this.#dedupe, this.#dedupe + 16);
  }

  /** Reads it; undefined when it is another delivery, or has what is read by the generated code alone. */
  static read(reader: BinaryReader, end: number): EventMessage | undefined {
    const message = new EventMessage(reader.buf);
    let found = false;
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === 8) message.deliverySeq = reader.uint64();
      else if (tag === 18) {
        if (reader.uint32() !== 16) return undefined;
        message.#dedupe = reader.pos;
        reader.pos += 16;
      } else if (tag === 24) message.attempt = reader.uint32();
      else if (tag === 34) {
        message.socketEnd = reader.end();
        message.socketStart = reader.pos;
        reader.pos = message.socketEnd;
      } else if (tag === 48) message.subscriptionId = reader.uint32();
      else if (tag === 58) message.traceparent = reader.string();
      else if (tag === 66) message.tracestate = reader.string();
      else if (tag === 98) {
        if (!message.body.event.read(reader)) return undefined;
        found = true;
      } else return undefined;
    }
    return found && reader.pos === end ? message : undefined;
  }
}

/** What the browser emitted. Its arguments are a text as long as nobody wants them as bytes. */
export class EventBody implements Event {
  name = "";
  wantsAck = false;
  readonly payload: EventPayload;
  readonly #bytes: Buffer;
  #time = 0;
  #timeEnd = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.payload = new EventPayload(bytes);
  }

  get receiveTime(): Timestamp | undefined {
    return this.#time === 0 ? undefined : Timestamp.decode(this.#bytes.subarray(this.#time, this.#timeEnd));
  }

  read(reader: BinaryReader): boolean {
    const end = reader.end();
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === 10) this.name = reader.string();
      else if (tag === 18) {
        if (!this.payload.read(reader)) return false;
      } else if (tag === 24) this.wantsAck = reader.bool();
      else if (tag === 34) {
        this.#timeEnd = reader.end();
        this.#time = reader.pos;
        reader.pos = this.#timeEnd;
      } else return false;
    }
    return reader.pos === end;
  }
}

/** Arguments where they lie in the envelope. */
export class EventPayload implements Payload {
  attachments: Buffer[] = NOTHING;
  readonly #bytes: Buffer;
  #start = 0;
  #end = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get args(): Buffer {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** The JSON text of `args`. */
  get text(): string {
    return this.#bytes.toString("utf8", this.#start, this.#end);
  }

  read(reader: BinaryReader): boolean {
    const end = reader.end();
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === 10) {
        this.#end = reader.end();
        this.#start = reader.pos;
        reader.pos = this.#end;
      } else if (tag === 18) {
        if (this.attachments === NOTHING) this.attachments = [];
        this.attachments.push(reader.bytes());
      } else return false;
    }
    return reader.pos === end;
  }
}

/** An envelope of the hub; undefined for what is none. */
export function decodeEnvelope(bytes: Buffer): AttachResponse | undefined {
  try {
    const envelope: AttachResponse = { envelopeSeq: 0, ackEnvelopeSeq: 0, items: [] };
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === 8) envelope.envelopeSeq = reader.uint64();
      else if (tag === 16) envelope.ackEnvelopeSeq = reader.uint64();
      else if (tag === 26) envelope.items.push(readItem(reader));
      else reader.skip(tag & 7);
    }
    return envelope;
  } catch {
    return undefined;
  }
}

function readItem(reader: BinaryReader): Item {
  const end = reader.end();
  const start = reader.pos;
  if (reader.pos < end && reader.uint32() === 18 && reader.end() === end) {
    const delivery = EventMessage.read(reader, end);
    if (delivery !== undefined) return { kind: { $case: "delivery", delivery } };
  }
  reader.pos = start;
  return Item.decode(reader, end - start);
}
