import { InvalidError } from "./core/errors.js";
import type { Payload } from "./pb/index.js";

/** Arguments are nested this deep at most; the hub's own limit is lower. */
const MAX_DEPTH = 600;
const NO_ATTACHMENTS: Buffer[] = [];
const NO_ARGS = Buffer.from("[]");

/**
 * Arguments as they travel: JSON, in which `{"_placeholder":true,"num":N}` is the seat of the N-th binary. Buffers, typed
 * arrays and ArrayBuffers are binary wherever they stand. What JSON cannot hold throws.
 */
export function encodeArgs(args: readonly unknown[]): Payload {
  if (args.length === 0) return { args: NO_ARGS, attachments: NO_ATTACHMENTS };
  if (isPlain(args)) return { args: Buffer.from(JSON.stringify(args)), attachments: NO_ATTACHMENTS };
  const attachments: Buffer[] = [];
  const plain = extract(args, attachments, 0);
  return { args: Buffer.from(JSON.stringify(plain)), attachments };
}

/** Whether arguments have no binary, so that they are JSON alone. */
export function isPlain(args: readonly unknown[]): boolean {
  return !hasBinary(args, 0);
}

/** The arguments of a payload. */
export function decodeArgs(payload: Payload | undefined): unknown[] {
  if (payload === undefined) return [];
  const text = (payload as Partial<{ text: string }>).text ?? payload.args.toString(); // see core/envelope.ts
  if (text === "") return [];
  const args = JSON.parse(text) as unknown;
  if (!Array.isArray(args)) throw new InvalidError("BAD_ARGS", "payload.args", "arguments are no array");
  if (payload.attachments.length === 0) return args;
  return insert(args, payload.attachments) as unknown[];
}

/** One value as JSON; empty for undefined. Binary has no place in it. */
export function encodeJSON(value: unknown): Buffer {
  const text = value === undefined ? undefined : JSON.stringify(value);
  return text === undefined ? Buffer.alloc(0) : Buffer.from(text);
}

export function decodeJSON(bytes: Buffer): unknown {
  return bytes.length === 0 ? undefined : JSON.parse(bytes.toString());
}

function isBinary(value: object): value is ArrayBuffer | ArrayBufferView {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
}

function hasBinary(value: unknown, depth: number): boolean {
  if (value === null || typeof value !== "object") return false;
  if (isBinary(value)) return true;
  if (depth > MAX_DEPTH) throw new InvalidError("DEPTH", "payload.args", "arguments are nested too deep, or contain themselves");
  if (Array.isArray(value)) {
    for (const element of value) if (hasBinary(element, depth + 1)) return true;
    return false;
  }
  const replaced = byJSON(value);
  if (replaced !== value) return hasBinary(replaced, depth + 1);
  for (const key of Object.keys(value)) {
    if (hasBinary((value as Record<string, unknown>)[key], depth + 1)) return true;
  }
  return false;
}

/** What an object with toJSON stands for. */
function byJSON(value: object): unknown {
  const toJSON = (value as { toJSON?: unknown }).toJSON;
  return typeof toJSON === "function" ? toJSON.call(value, "") : value;
}

function extract(value: unknown, attachments: Buffer[], depth: number): unknown {
  if (value === null || typeof value !== "object") return value;
  if (isBinary(value)) {
    attachments.push(asBuffer(value));
    return { _placeholder: true, num: attachments.length - 1 };
  }
  if (depth > MAX_DEPTH) throw new InvalidError("DEPTH", "payload.args", "arguments are nested too deep, or contain themselves");
  if (Array.isArray(value)) return value.map((element) => extract(element, attachments, depth + 1));
  const replaced = byJSON(value);
  if (replaced !== value) return extract(replaced, attachments, depth + 1);
  const plain: Record<string, unknown> = {};
  for (const key of Object.keys(value)) plain[key] = extract((value as Record<string, unknown>)[key], attachments, depth + 1);
  return plain;
}

function asBuffer(value: ArrayBuffer | ArrayBufferView): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (value instanceof ArrayBuffer) return Buffer.from(value);
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

/** Puts binaries in their seats. Every object whose `_placeholder` is true is a seat, once there are binaries at all. */
function insert(value: unknown, attachments: readonly Buffer[]): unknown {
  if (value === null || typeof value !== "object") return value;
  const object = value as Record<string, unknown>;
  if (object._placeholder === true) {
    const found = typeof object.num === "number" ? attachments[object.num] : undefined;
    if (found === undefined) throw new InvalidError("BAD_PLACEHOLDERS", "payload.attachments", "a binary is missing");
    return own(found);
  }
  for (const key of Object.keys(object)) object[key] = insert(object[key], attachments);
  return value;
}

/** A buffer that keeps no envelope alive which is much larger. */
function own(view: Buffer): Buffer {
  return view.length * 2 < view.buffer.byteLength ? Buffer.from(view) : view;
}
