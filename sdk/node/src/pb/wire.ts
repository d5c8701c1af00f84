/**
 * The protobuf wire format, over Buffers: what the generated code reads and writes with.
 *
 * It has the part of `@bufbuild/protobuf/wire` that hub.v1 needs. It is our own so that bytes are views of the envelope,
 * texts are cut by Buffer, and nothing but the gRPC library has to be installed; no figure was taken for the difference.
 */

/** Writes messages into one buffer that grows. Nested messages are moved when their length needs more than a byte. */
export class BinaryWriter {
  #buffer: Buffer;
  #at = 0;
  #starts: number[] = [];

  constructor(size = 256) {
    this.#buffer = Buffer.allocUnsafe(size);
  }

  /** The bytes written so far, as a copy; the writer begins anew. */
  finish(): Buffer {
    const bytes = Buffer.allocUnsafe(this.#at);
    this.#buffer.copy(bytes, 0, 0, this.#at);
    this.#at = 0;
    this.#starts.length = 0;
    return bytes;
  }

  /** Begins a nested message; its tag was written before. */
  fork(): this {
    this.#room(1);
    this.#starts.push(this.#at++);
    return this;
  }

  /** Ends a nested message. */
  join(): this {
    const start = this.#starts.pop() as number;
    const length = this.#at - start - 1;
    const more = varintLength(length) - 1;
    if (more > 0) {
      this.#room(more);
      this.#buffer.copyWithin(start + 1 + more, start + 1, this.#at);
    }
    const end = this.#at + more;
    this.#at = start;
    this.#varint(length);
    this.#at = end;
    return this;
  }

  uint32(value: number): this {
    this.#room(5);
    this.#varint(value >>> 0);
    return this;
  }

  int32(value: number): this {
    return value < 0 ? this.int64(value) : this.uint32(value);
  }

  bool(value: boolean): this {
    this.#room(1);
    this.#buffer[this.#at++] = value ? 1 : 0;
    return this;
  }

  uint64(value: number): this {
    this.#room(10);
    this.#varint(value);
    return this;
  }

  int64(value: number): this {
    if (value >= 0) return this.uint64(value);
    this.#room(10);
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 127n; rest >>= 7n) this.#buffer[this.#at++] = Number(rest & 127n) | 128;
    this.#buffer[this.#at++] = Number(rest);
    return this;
  }

  /** A text; half of a surrogate pair becomes U+FFFD. */
  string(value: string): this {
    const most = value.length * 3;
    this.#room(most + 5);
    if (most < 128) {
      const written = this.#buffer.write(value, this.#at + 1, "utf8");
      this.#buffer[this.#at] = written;
      this.#at += written + 1;
      return this;
    }
    const length = Buffer.byteLength(value, "utf8");
    this.#varint(length);
    this.#at += this.#buffer.write(value, this.#at, "utf8");
    return this;
  }

  bytes(value: Uint8Array): this {
    this.#room(value.length + 5);
    this.#varint(value.length);
    return this.raw(value);
  }

  /** Bytes that are encoded already. */
  raw(value: Uint8Array): this {
    this.#room(value.length);
    this.#buffer.set(value, this.#at);
    this.#at += value.length;
    return this;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 0x7fffffff) {
      this.#buffer[this.#at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      this.#buffer[this.#at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#buffer[this.#at++] = rest;
  }

  #room(more: number): void {
    const need = this.#at + more;
    if (need <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(need, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}

/** How many bytes a number takes. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) length++;
  return length;
}

/** Reads messages. What it gives for `bytes` are views of its buffer. */
export class BinaryReader {
  readonly buf: Buffer;
  readonly len: number;
  pos = 0;
  /** Kept by the generated code: how deep messages are nested. */
  __tsProtoDecodeDepth = 0;

  constructor(bytes: Uint8Array) {
    this.buf = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.len = bytes.length;
  }

  uint32(): number {
    const first = this.buf[this.pos] as number;
    if (first < 128) {
      this.pos++;
      return first;
    }
    return this.uint64() >>> 0;
  }

  int32(): number {
    return this.uint64() | 0;
  }

  bool(): boolean {
    return this.uint64() !== 0;
  }

  /** A number up to 2^53; beyond it the nearest one. */
  uint64(): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.buf[this.pos++];
      if (byte === undefined) throw new RangeError("protobuf: the message is cut off");
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      factor *= 128;
    }
    throw new RangeError("protobuf: a number is too long");
  }

  int64(): number {
    const start = this.pos;
    const value = this.uint64();
    if (value <= Number.MAX_SAFE_INTEGER) return value;
    let exact = 0n;
    for (let at = start; at < this.pos; at++) exact |= BigInt((this.buf[at] as number) & 127) << BigInt(7 * (at - start));
    return Number(BigInt.asIntN(64, exact));
  }

  string(): string {
    const end = this.end();
    const text = this.buf.toString("utf8", this.pos, end);
    this.pos = end;
    return text;
  }

  bytes(): Buffer {
    const end = this.end();
    const view = this.buf.subarray(this.pos, end);
    this.pos = end;
    return view;
  }

  skip(wireType: number): void {
    if (wireType === 0) this.uint64();
    else if (wireType === 1) this.pos += 8;
    else if (wireType === 2) this.pos = this.end();
    else if (wireType === 5) this.pos += 4;
    else throw new RangeError(`protobuf: wire type ${wireType} is not known`);
    if (this.pos > this.len) throw new RangeError("protobuf: the message is cut off");
  }

  /** Where the length-delimited field ends that begins here; `pos` is at its first byte then. */
  end(): number {
    const length = this.uint32();
    const end = this.pos + length;
    if (end > this.len) throw new RangeError("protobuf: the message is cut off");
    return end;
  }
}
