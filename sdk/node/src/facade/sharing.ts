import { settle } from "../core/settings.js";
import { Bridge } from "./bridge.js";
import type { ServerOptions } from "./options.js";

/** Servers of this process that say the same about their hubs share one attachment: by what carries it, and by what they say. */
const bridges = new WeakMap<object, Map<string, Bridge>>();
const network = {};

/** The bridge of a server that says this about its hubs. */
export function bridgeFor(hub: NonNullable<Partial<ServerOptions>["hub"]>): Bridge {
  const { namespaces, ...given } = hub;
  const options = { keepSockets: true, ...given };
  const named = options.instanceId !== undefined || options.logger !== undefined || typeof options.token === "function";
  if (named) return new Bridge(settle(options), namespaces);
  const carrier = typeof options.transport === "object" ? options.transport : network;
  const key = JSON.stringify([hub, process.env.HUB_ADDRESS, process.env.HUB_GROUP]);
  const shared = bridges.get(carrier) ?? new Map<string, Bridge>();
  const bridge = shared.get(key) ?? new Bridge(settle(options), namespaces);
  bridges.set(carrier, shared.set(key, bridge));
  return bridge;
}
