import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { newer } from "./capability.js";
import type { Transport } from "./dial.js";
import { ConfigError } from "./errors.js";
import { defaultLogger, type Logger } from "./log.js";

/** How this process reaches its hubs, and who it is. Every part has a default. */
export interface HubOptions {
  /**
   * Where hubs listen for services: `HOST:PORT`, several with commas between them, or `dns:///NAME:PORT` for every
   * address of a name; without a port it is 7420. Default: the variable HUB_ADDRESS, or 127.0.0.1:7420.
   */
  address?: string;
  /** The bearer token, or what gives one for each connection. Default: HUB_TOKEN, or the file HUB_TOKEN_FILE. */
  token?: string | (() => string | Promise<string>);
  /** TLS towards the hubs; `true` trusts the system's authorities. Default: the variables HUB_TLS_*. */
  tls?: boolean | TLSOptions;
  /** Name of the service, which all its processes share. Default: HUB_GROUP, or `socket.io`. */
  group?: string;
  /** Name of this process, unique in its group. Default: random. */
  instanceId?: string;
  /** Label of what is running, for the hub's status. */
  version?: string;
  /** Share of this process among those of its group, 1 to 1000. Default 1. */
  weight?: number;
  /**
   * Whether a socket stays with this process for as long as the process takes work, so that what is kept of it in memory
   * holds: processes that come later get new sockets only. Default true for `Server`, false for `Service`.
   */
  keepSockets?: boolean;
  /** What the hub has to be able to do, by the names of docs/contract.md: one that is not refuses this process by name. */
  requiredCapabilities?: string[];
  /** How much unsettled work this process takes. Default 1024 deliveries, 16 MiB, and 1024 copies for observers. */
  window?: { deliveries?: number; bytes?: number; observations?: number };
  /** Wish for the heartbeat in milliseconds, 1000 to 60000: for programs that block the loop. Default: the hub's, 5000. */
  heartbeat?: number;
  /** Waits between attempts to attach, in milliseconds. Default 100 to 10000. */
  backoff?: { min?: number; max?: number };
  /** Milliseconds for which a command waits for a hub. Default 30000; 0 waits for ever. */
  commandTimeout?: number;
  /** Milliseconds that `close` waits for what is running. Default 10000. */
  closeTimeout?: number;
  /** Whether addresses that hubs tell are dialled. Default true. */
  follow?: boolean;
  /** Whether SIGTERM drains. Default true. */
  signals?: boolean;
  /**
   * What carries the stream. Default `http2`: Node's own, with as much of gRPC as one call needs.
   * `grpc-js` goes by that library, through a proxy for example. What is no text carries it by itself: the hub of
   * `@siohub/server/testing` does.
   */
  transport?: "http2" | "grpc-js" | Transport;
  /** Where warnings go. Default: stderr. */
  logger?: Logger;
}

/** Files, or their contents. */
export interface TLSOptions {
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
  /** The name that the hub's certificate has to have, where it is not the address's. */
  serverName?: string;
}

/** HubOptions with all defaults filled in. */
export interface Settings {
  address: string;
  token: (() => string | Promise<string>) | undefined;
  /** Whether the token may be another one the next time. */
  tokenMayDiffer: boolean;
  tls: { ca?: Buffer; cert?: Buffer; key?: Buffer; serverName?: string } | undefined;
  group: string;
  instanceId: string;
  version: string;
  weight: number;
  keepSockets: boolean;
  requiredCapabilities: string[];
  deliveries: number;
  bytes: number;
  observations: number;
  heartbeat: number;
  backoffMin: number;
  backoffMax: number;
  commandTimeout: number;
  closeTimeout: number;
  follow: boolean;
  signals: boolean;
  transport: "http2" | "grpc-js" | Transport;
  logger: Logger;
}

export const DEFAULT_PORT = "7420";

type Environment = Record<string, string | undefined>;

/** All of HubOptions, for programs without types. */
const OPTIONS: Readonly<Record<keyof HubOptions, true>> = {
  address: true,
  token: true,
  tls: true,
  group: true,
  instanceId: true,
  version: true,
  weight: true,
  keepSockets: true,
  requiredCapabilities: true,
  window: true,
  heartbeat: true,
  backoff: true,
  commandTimeout: true,
  closeTimeout: true,
  follow: true,
  signals: true,
  transport: true,
  logger: true,
};

/** Fills defaults in, from the environment first. A ConfigError names what is wrong. */
export function settle(options: HubOptions, env: Environment = process.env): Settings {
  for (const option of Object.keys(options)) {
    if (!Object.hasOwn(OPTIONS, option)) {
      throw new ConfigError(`hub.${option}`, `there is no such option; there are ${Object.keys(OPTIONS).join(", ")}`);
    }
  }
  const source = tokenSource(options, env);
  return {
    address: address(options.address || env.HUB_ADDRESS || `127.0.0.1:${DEFAULT_PORT}`),
    token: source.token,
    tokenMayDiffer: source.mayDiffer,
    tls: tls(options, env),
    group: name("group", options.group ?? env.HUB_GROUP ?? "socket.io"),
    instanceId: name("instanceId", options.instanceId ?? randomUUID()),
    version: options.version ?? "",
    weight: options.weight ?? 0,
    keepSockets: options.keepSockets ?? false,
    requiredCapabilities: required(options.requiredCapabilities ?? []),
    deliveries: options.window?.deliveries ?? 0,
    bytes: options.window?.bytes ?? 0,
    observations: options.window?.observations ?? 0,
    heartbeat: options.heartbeat ?? 0,
    backoffMin: options.backoff?.min ?? 100,
    backoffMax: options.backoff?.max ?? 10_000,
    commandTimeout: options.commandTimeout ?? 30_000,
    closeTimeout: options.closeTimeout ?? 10_000,
    follow: options.follow ?? true,
    signals: options.signals ?? true,
    transport: options.transport ?? (env.grpc_proxy ? "grpc-js" : "http2"),
    logger: options.logger ?? defaultLogger,
  };
}

function required(capabilities: string[]): string[] {
  const unknown = newer(capabilities);
  if (unknown.length === 0) return capabilities;
  throw new ConfigError("hub.requiredCapabilities", `this version of @siohub/server does not know ${unknown.join(", ")}`);
}

function name(option: string, value: string): string {
  if (value === "" || Buffer.byteLength(value) > 128) throw new ConfigError(`hub.${option}`, "has to have 1 to 128 bytes");
  return value;
}

function address(value: string): string {
  for (const part of value.split(",")) {
    if (/^(https?|wss?):/i.test(part.trim())) {
      throw new ConfigError(
        "hub.address",
        `${part.trim()} is an address for browsers; services reach the hub's control listener at HOST:PORT, port ${DEFAULT_PORT} by default`,
      );
    }
  }
  return value;
}

function tokenSource(options: HubOptions, env: Environment): { token: Settings["token"]; mayDiffer: boolean } {
  const given = options.token;
  if (typeof given === "function") return { token: given, mayDiffer: true };
  const fixed = given || env.HUB_TOKEN;
  if (fixed) return { token: () => fixed, mayDiffer: false };
  const file = env.HUB_TOKEN_FILE;
  return file ? { token: tokenFile(file), mayDiffer: true } : { token: undefined, mayDiffer: false };
}

/** A token source that reads a file for each connection: its first line that is not empty. */
function tokenFile(path: string): () => string {
  return () => {
    const line = readFileSync(path, "utf8")
      .split(/\r?\n/)
      .map((text) => text.trim())
      .find((text) => text !== "");
    if (line === undefined) throw new ConfigError("HUB_TOKEN_FILE", `${path} is empty`);
    return line;
  };
}

function tls(options: HubOptions, env: Environment): Settings["tls"] {
  if (options.tls === false) return undefined;
  if (options.tls === true) return {};
  const given = options.tls;
  const ca = given?.ca ?? env.HUB_TLS_CA;
  const cert = given?.cert ?? env.HUB_TLS_CERT;
  const key = given?.key ?? env.HUB_TLS_KEY;
  const serverName = given?.serverName ?? env.HUB_TLS_SERVER_NAME;
  if (!given && !ca && !cert && !key && !serverName) return undefined;
  if (!cert !== !key) throw new ConfigError("HUB_TLS_CERT", "needs HUB_TLS_KEY beside it, and the other way round");
  return {
    ...(ca && { ca: content("HUB_TLS_CA", ca) }),
    ...(cert && { cert: content("HUB_TLS_CERT", cert) }),
    ...(key && { key: content("HUB_TLS_KEY", key) }),
    ...(serverName && { serverName }),
  };
}

function content(option: string, value: string | Buffer): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (value.includes("-----BEGIN")) return Buffer.from(value);
  try {
    return readFileSync(value);
  } catch (error) {
    throw new ConfigError(option, `cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
