import type { Status } from "../pb/index.js";

/** What a code of the hub is called: the names are those of gRPC. */
export const CODES: Readonly<Record<number, string>> = {
  0: "OK",
  1: "CANCELLED",
  2: "UNKNOWN",
  3: "INVALID_ARGUMENT",
  4: "DEADLINE_EXCEEDED",
  5: "NOT_FOUND",
  6: "ALREADY_EXISTS",
  7: "PERMISSION_DENIED",
  8: "RESOURCE_EXHAUSTED",
  9: "FAILED_PRECONDITION",
  10: "ABORTED",
  12: "UNIMPLEMENTED",
  13: "INTERNAL",
  14: "UNAVAILABLE",
  16: "UNAUTHENTICATED",
};

/** The base of every error of the kit. `code` is for programs, `message` for people. */
export class HubError extends Error {
  /** An upper-snake name: of the hub's code (`INVALID_ARGUMENT`), or of the kit's own (`CONFIG`). */
  readonly code: string;
  override name = this.constructor.name;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The hub, or the kit before anything was sent, refuses something. */
export class StatusError extends HubError {
  /** The stable reason within the code, such as `EMPTY_TARGET`; docs/contract.md lists them. Empty when there is none. */
  readonly reason: string;
  /** The part at fault, such as `emit.target.rooms[2]`. Empty when no single part is. */
  readonly field: string;
  /** Milliseconds to wait before trying again; undefined when there is no advice. */
  readonly retryAfter: number | undefined;
  /** The message without the field. */
  readonly detail: string;

  constructor(code: string, reason: string, message: string, field = "", retryAfter?: number) {
    super(code, `${message || reason || code}${field ? ` (${field})` : ""}`);
    this.detail = message;
    this.reason = reason;
    this.field = field;
    this.retryAfter = retryAfter;
  }
}

/** The call itself is wrong: nothing was sent. */
export class InvalidError extends StatusError {
  constructor(reason: string, field: string, message: string) {
    super("INVALID_ARGUMENT", reason, message, field);
  }
}

/** The hub is older than what is asked of it, or not configured for it. */
export class MissingCapabilityError extends StatusError {
  /** What it lacks, such as `recovery`; empty where that has no name: `field` is what the hub does not know, then. */
  readonly capability: string;

  constructor(error: StatusError, message: string, field: string, capability: string) {
    super(error.code, error.reason, message, field, error.retryAfter);
    this.capability = capability;
  }
}

/** It is larger than the hub takes (`Welcome.max_envelope_bytes`): nothing was sent. */
export class TooLargeError extends StatusError {
  constructor(size: number, limit: number) {
    super("RESOURCE_EXHAUSTED", "ENVELOPE_TOO_LARGE", `${size} bytes are more than the hub takes at once (${limit})`);
  }
}

/** An option or a variable is wrong. */
export class ConfigError extends HubError {
  readonly option: string;

  constructor(option: string, problem: string, options?: ErrorOptions) {
    super("CONFIG", `${option}: ${problem}`, options);
    this.option = option;
  }
}

/** The delivery whose handler this is belongs to another try: it was revoked, or its attachment has ended. */
export class LeaseLostError extends HubError {
  /** Why: `MOVED`, `TIMEOUT`, `DECIDED`, `BROWSER_GONE`, `EXPIRED` or what else the hub says; `lost` when the attachment ended. */
  readonly reason: string;

  constructor(reason: string) {
    super("LEASE_LOST", `the delivery belongs to another try (${reason})`);
    this.reason = reason;
  }
}

/** The command was sent and its result will not come: it was carried out, or it was not. */
export class OutcomeUnknownError extends HubError {
  constructor() {
    super("OUTCOME_UNKNOWN", "the command was sent, and its result will not come");
  }
}

/** There was no hub for as long as the call waits; nothing was sent. */
export class UnavailableError extends HubError {
  constructor(message = "there is no hub", options?: ErrorOptions) {
    super("UNAVAILABLE", message, options);
  }
}

/** The service is closing, or closed. */
export class ClosedError extends HubError {
  constructor() {
    super("CLOSED", "the service is closed");
  }
}

/** Another process with the same instance id has taken this one's place. */
export class SupersededError extends HubError {
  constructor() {
    super("SUPERSEDED", "another process attached with the same instance id");
  }
}

/** The error of a status; undefined when it is none. */
export function statusError(status: Status | undefined): StatusError | undefined {
  if (status === undefined || status.code === 0) return undefined;
  const after = status.retryAfter;
  return new StatusError(
    CODES[status.code] ?? "UNKNOWN",
    status.reason,
    status.message,
    status.field,
    after === undefined ? undefined : after.seconds * 1000 + after.nanos / 1e6,
  );
}
