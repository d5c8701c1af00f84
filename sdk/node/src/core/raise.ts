/**
 * Calls what a program has written. What it throws becomes an uncaught exception as it would without the kit, but one that
 * stops nothing of what comes behind it, where the process goes on.
 */
export function guarded(task: () => void, failed?: (error: unknown) => void): void {
  try {
    task();
  } catch (error) {
    if (failed !== undefined) failed(error);
    else raise(error);
  }
}

/** Throws, in a tick of its own. */
export function raise(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
