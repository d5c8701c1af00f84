import type { HubOptions } from "../core/settings.js";
import type { AllowRequest } from "./engine.js";

/** Options of `new Server`. Those of the engine are accepted, and are the hub's to set: each is said once. */
export interface ServerOptions {
  /** How hubs are reached. Everything has a default; the address is usually the variable HUB_ADDRESS. */
  hub: HubOptions & {
    /** Namespaces that this service decides about and handles: names and patterns (`/org/*`). Default: all. */
    namespaces?: string[];
  };
  /** The path under which browsers reach it: tells several servers of one process apart. */
  path: string;
  cleanupEmptyChildNamespaces: boolean;
  /** Asked once for each browser, before its first namespace; a refusal becomes its `connect_error`. */
  allowRequest: AllowRequest;
  connectionStateRecovery: {
    maxDisconnectionDuration?: number;
    /** Whether who comes back passes no middlewares. Default true. */
    skipMiddlewares?: boolean;
  };
  /** Taken and ignored: what crosses processes is the hub's. */
  adapter: unknown;
  serveClient: boolean;
  connectTimeout: number;
  parser: unknown;
  pingTimeout: number;
  pingInterval: number;
  upgradeTimeout: number;
  maxHttpBufferSize: number;
  transports: string[];
  allowUpgrades: boolean;
  perMessageDeflate: unknown;
  httpCompression: unknown;
  wsEngine: unknown;
  cookie: unknown;
  cors: unknown;
  allowEIO3: boolean;
  addTrailingSlash: boolean;
  destroyUpgrade: boolean;
  destroyUpgradeTimeout: number;
  initialPacket: unknown;
  httpRequestBodyTimeout: number;
  maxBufferedChunks: number;
}

/** What the hub has in place of an option of the engine: keys of its configuration, or why there is nothing. */
const AT_THE_HUB: Readonly<Record<string, string>> = {
  connectTimeout: "connect_timeout",
  parser: "parser",
  pingTimeout: "ping_timeout",
  pingInterval: "ping_interval",
  upgradeTimeout: "upgrade_timeout",
  maxHttpBufferSize: "max_payload",
  transports: "transports",
  allowUpgrades: "allow_upgrades",
  perMessageDeflate: "per_message_deflate.enabled",
  httpCompression: "http_compression.enabled",
  cookie: "cookie.enabled and its sisters",
  cors: "cors.origins and its sisters",
  allowEIO3: "allow_eio3",
  addTrailingSlash: "add_trailing_slash",
  serveClient: "serve_client",
  wsEngine: "nothing: it has its own",
  destroyUpgrade: "nothing: other requests do not come to it",
  destroyUpgradeTimeout: "nothing: other requests do not come to it",
  initialPacket: "nothing",
  httpRequestBodyTimeout: "limits.unfinished_time, limits.body_pace",
  maxBufferedChunks: "limits.unfinished_bytes",
};

const said = new Set<string>();

/** The options that only the hub can carry out and that were not said yet, each with the hub's own. */
export function atTheHub(options: object): string[] {
  const found: string[] = [];
  for (const [name, value] of Object.entries(options)) {
    const there = AT_THE_HUB[name];
    if (there === undefined || value === undefined || said.has(name)) continue;
    said.add(name);
    found.push(`${name} (${there})`);
  }
  const recovery = (options as Partial<ServerOptions>).connectionStateRecovery;
  if (recovery !== undefined && !said.has("connectionStateRecovery")) {
    said.add("connectionStateRecovery");
    found.push("connectionStateRecovery (recovery.enabled, recovery.max_duration)");
  }
  return found;
}
