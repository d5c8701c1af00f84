// Hubs for tests: the kit's own TestHub with the binary of this repository.
import { TestHub } from "@siohub/server/testing";

const binary = process.env.SIOHUB_HUB_BINARY ?? new URL("../../../../../bin/hub", import.meta.url).pathname;

export const Hub = { start: (options = {}) => TestHub.start({ binary, ...options }) };

/** Waits until something holds. */
export async function until(holds, what, patience = 20_000) {
  const end = Date.now() + patience;
  for (;;) {
    const value = await holds();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${patience / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
