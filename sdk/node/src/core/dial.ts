import type { EventEmitter } from "node:events";
import * as grpc from "@grpc/grpc-js";
import { Status } from "../pb/index.js";
import { BinaryReader } from "../pb/wire.js";
import { hostOf } from "./addresses.js";
import { CODES, ConfigError, type HubError, StatusError, statusError } from "./errors.js";
import { type CallStatus, Http2Call, openSession } from "./http2-call.js";
import { DEFAULT_PORT, type Settings } from "./settings.js";

/** One call in both directions, of envelopes as bytes. Events: `data`, `drain`, and `status` once. */
export interface Call extends EventEmitter {
  /** False when more should wait for `drain`; `left` is called once it has left this process. */
  write(message: Buffer, left?: () => void): boolean;
  end(): void;
  pause(): unknown;
  resume(): unknown;
  cancel(): void;
}

/** A connection for one stream, or for single calls: a new one for each attempt, so that the waits are the kit's alone. */
export interface Connection {
  call(token: string | undefined, method?: string): Call;
  close(): void;
}

/** What carries streams in place of the network. */
export interface Transport {
  connect(): Connection;
}

const ATTACH = "/hub.v1.AttachService/Attach";
/** How long connecting may take, and before that what gives the token, in milliseconds. */
export const CONNECTING = 5000;

/** Connects, in CONNECTING milliseconds. What fails later is told by the call. */
export async function connect(settings: Settings, address: string): Promise<Connection> {
  if (typeof settings.transport === "object") return settings.transport.connect();
  if (settings.transport === "grpc-js") return connectByLibrary(settings, address);
  const session = await openSession(settings, address, CONNECTING).catch((error: Error) => {
    throw helloError({ code: grpc.status.UNAVAILABLE, details: error.message }, address);
  });
  return { call: (token, method = ATTACH) => new Http2Call(session, method, token), close: () => session.destroy() };
}

/** The same by @grpc/grpc-js, which knows proxies and name systems that the kit does not. */
async function connectByLibrary(settings: Settings, address: string): Promise<Connection> {
  const client = new grpc.Client(address, credentials(settings), {
    "grpc.use_local_subchannel_pool": 1,
    "grpc.max_receive_message_length": 64 << 20,
    "grpc.max_send_message_length": -1,
    "grpc.enable_retries": 0,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1000,
    "grpc-node.flow_control_window": 4 << 20,
    ...(settings.tls?.serverName && {
      "grpc.ssl_target_name_override": settings.tls.serverName,
      "grpc.default_authority": settings.tls.serverName,
    }),
  });
  await connected(client);
  const same = (bytes: Buffer): Buffer => bytes;
  return {
    close: () => client.close(),
    call: (token, method = ATTACH) => {
      const metadata = new grpc.Metadata();
      if (token) metadata.set("authorization", `Bearer ${token}`);
      const call = client.makeBidiStreamRequest(method, same, same, metadata);
      call.on("error", () => {}); // the status says it
      return call;
    },
  };
}

/** Waits until a connection stands, or has failed: then the call says why. In CONNECTING milliseconds. */
function connected(client: grpc.Client): Promise<void> {
  const channel = client.getChannel();
  const deadline = Date.now() + CONNECTING;
  return new Promise((resolve) => {
    const look = (): void => {
      const state = channel.getConnectivityState(true);
      const { READY, TRANSIENT_FAILURE, SHUTDOWN } = grpc.connectivityState;
      if (state === READY || state === TRANSIENT_FAILURE || state === SHUTDOWN) return resolve();
      channel.watchConnectivityState(state, deadline, (error) => (error ? resolve() : look()));
    };
    look();
  });
}

function credentials(settings: Settings): grpc.ChannelCredentials {
  const tls = settings.tls;
  if (tls === undefined) return grpc.credentials.createInsecure();
  return grpc.credentials.createSsl(tls.ca, tls.key, tls.cert);
}

/** Whether a token may be sent to an address: in the clear only on this machine. */
export function mayShowToken(settings: Settings, address: string): boolean {
  const host = hostOf(address);
  return settings.tls !== undefined || host === "localhost" || host === "::1" || /^127\./.test(host);
}

/** Why a call ended, from gRPC's own status. Undefined for an OK. */
export function callError(status: CallStatus & { metadata?: grpc.Metadata }): HubError | undefined {
  if (status.code === grpc.status.OK) return undefined;
  const said = detail(status.detail ?? status.metadata?.get("grpc-status-details-bin")[0]);
  if (said !== undefined) return said;
  // A reset of the stream is of what lies between, as in Http2Call: the hub says its own in trailers.
  const reset = /^Received RST_STREAM|^Bandwidth exhausted or memory|^Protocol not secure enough/.test(status.details);
  return new StatusError(reset ? "UNAVAILABLE" : (CODES[status.code] ?? "UNKNOWN"), "", status.details);
}

/** callError of a call that was never answered by a hub: perhaps no hub is there at all. */
export function helloError(status: CallStatus & { metadata?: grpc.Metadata }, address: string): HubError | undefined {
  const error = callError(status);
  if (error === undefined || !(status.foreign || looksLikeHTTP(status.details))) return error;
  return new ConfigError(
    "hub.address",
    `${address} answers HTTP, not gRPC (${status.details}): it may be the port for browsers; services reach the hub's control listener, port ${DEFAULT_PORT} by default`,
    { cause: error },
  );
}

/** How a server of HTTP/1.1 looks: to nghttp2, and to @grpc/grpc-js. */
function looksLikeHTTP(text: string): boolean {
  return /HTTP\/1\.|HTTP_1_1_REQUIRED|Protocol error|HPE_|HTTP status code 40[0-7]/i.test(text);
}

/** The hub.v1.Status among the details of a call's error. */
function detail(bytes: Buffer | string | undefined): StatusError | undefined {
  if (!Buffer.isBuffer(bytes)) return undefined;
  try {
    for (const any of fields(bytes, 3)) {
      const type = fields(any, 1)[0]?.toString() ?? "";
      const value = fields(any, 2)[0];
      if (type.endsWith("/hub.v1.Status") && value !== undefined) return statusError(Status.decode(value));
    }
  } catch {
    // it is what the code says, then
  }
  return undefined;
}

/** The length-delimited fields of a message that have a number. */
function fields(message: Buffer, number: number): Buffer[] {
  const reader = new BinaryReader(message);
  const found: Buffer[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === ((number << 3) | 2)) found.push(reader.bytes());
    else reader.skip(tag & 7);
  }
  return found;
}
