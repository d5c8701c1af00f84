/** The application does not let a browser in: what its client hears as `connect_error`. */
export class ConnectError extends Error {
  override name = "ConnectError";
  /** What the application said beside the message. */
  readonly data: unknown;

  constructor(message: string, data?: unknown) {
    super(message);
    this.data = data;
  }
}

/** The application is done with the event and has acknowledged nothing: a client's callback is never called. */
export class NoReplyError extends Error {
  override name = "NoReplyError";
}

/** The application could not deal with what it got. */
export class HandlerError extends Error {
  override name = "HandlerError";
}

/** How long tests wait for the application, in milliseconds. */
export const PATIENCE = 10_000;

/** Rejects when something takes longer than a test should. */
export function patiently<T>(promise: Promise<T>, what: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${PATIENCE / 1000} s: ${what()}`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
