const drains = new Set<() => Promise<void>>();
let leaving = false;

/**
 * Drains when the process is told to end. Without a listener of the program's own the process then ends as it would
 * have without the kit: by the signal.
 */
export function onSigterm(drain: () => Promise<void>): () => void {
  if (drains.size === 0) process.on("SIGTERM", leave);
  drains.add(drain);
  return () => {
    drains.delete(drain);
    if (drains.size === 0 && !leaving) process.off("SIGTERM", leave);
  };
}

function leave(): void {
  if (leaving) return;
  leaving = true;
  const alone = process.listenerCount("SIGTERM") === 1;
  void Promise.allSettled([...drains].map((drain) => drain())).then(() => {
    leaving = false;
    process.off("SIGTERM", leave);
    if (alone && process.listenerCount("SIGTERM") === 0) process.kill(process.pid, "SIGTERM");
  });
}
