import type { Order } from "../core/command.js";
import { type HubError, OutcomeUnknownError } from "../core/errors.js";
import { request as ask, type Way } from "../core/line.js";
import type { Result } from "../pb/index.js";
import { placed } from "./context.js";

/** Sends a command as part of the handler that makes it, and gives its last result. `parts` gets those before it. */
export function request(way: Way, order: Order, parts: Result[] = []): Promise<Result> {
  return ask(way, placed(order), (part) => parts.push(part)).catch((error: HubError) => {
    if (order.key !== undefined && error instanceof OutcomeUnknownError) Object.assign(error, { safeToRetry: true });
    throw error;
  });
}
