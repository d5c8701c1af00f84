import { InvalidError } from "../core/errors.js";
import type { Payload as Message } from "../pb/index.js";
import { decodeArgs, encodeArgs, encodeJSON } from "../values.js";

/** A whole list of arguments, unseen: JSON text with placeholders, and binaries beside it. It goes out byte for byte. */
export class Payload {
  readonly args: Buffer;
  readonly attachments: readonly Buffer[];

  constructor(args: Buffer, attachments: readonly Buffer[] = []) {
    this.args = args;
    this.attachments = attachments;
  }

  decode(): unknown[] {
    return decodeArgs(this.message());
  }

  /** @internal */
  message(): Message {
    return { args: this.args, attachments: this.attachments as Buffer[] };
  }

  /** @internal */
  static of(message: Message | undefined): Payload {
    return new Payload(message?.args ?? Buffer.alloc(0), message?.attachments ?? []);
  }
}

/** Arguments as they travel. A Payload alone is passed on as it is. */
export function encodeList(args: readonly unknown[]): Message {
  if (args.length === 1 && args[0] instanceof Payload) return args[0].message();
  try {
    return encodeArgs(args);
  } catch (error) {
    throw invalid(error, "payload.args");
  }
}

export function encodeValue(value: unknown, field: string): Buffer {
  try {
    return encodeJSON(value);
  } catch (error) {
    throw invalid(error, field);
  }
}

function invalid(error: unknown, field: string): InvalidError {
  return error instanceof InvalidError ? error : new InvalidError("BAD_JSON", field, (error as Error).message);
}
