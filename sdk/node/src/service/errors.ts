/** Thrown by `onConnect` to refuse a browser: it gets `connect_error` with the message, and `err.data`. */
export class Deny extends Error {
  readonly data: unknown;
  /** @internal */
  readonly namespaceUnknown: boolean;

  constructor(message = "", data?: unknown, namespaceUnknown = false) {
    super(message);
    this.data = data;
    this.namespaceUnknown = namespaceUnknown;
  }

  /** As if the namespace did not exist. */
  static unknownNamespace(): Deny {
    return new Deny("", undefined, true);
  }
}

/** Thrown by a handler to answer a browser with an error: its acknowledgement is `{error: {message, data}}`. */
export class Reject extends Error {
  readonly data: unknown;

  constructor(message: string, data?: unknown) {
    super(message);
    this.data = data;
  }
}

/** Thrown by a handler for another try, five in all. */
export class Retry extends Error {
  /** Milliseconds until then; 0 leaves it to the hub. */
  readonly delay: number;
  /** By another process of the service, if there is one. */
  readonly elsewhere: boolean;

  constructor(options: { delay?: number; elsewhere?: boolean; message?: string } = {}) {
    super(options.message ?? "another try, please");
    this.delay = options.delay ?? 0;
    this.elsewhere = options.elsewhere ?? false;
  }
}

/** Not all answered in time. `result` has who did. */
export class TimeoutError extends Error {
  readonly code = "DEADLINE_EXCEEDED";
  readonly reason: string;
  readonly result: unknown;

  constructor(reason: string, result: unknown) {
    super("not all answered in time");
    this.name = "TimeoutError";
    this.reason = reason;
    this.result = result;
  }
}
