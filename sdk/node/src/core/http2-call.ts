import { EventEmitter } from "node:events";
import * as http2 from "node:http2";
import * as net from "node:net";
import * as tls from "node:tls";
import { hostOf, portOf } from "./addresses.js";
import type { Settings } from "./settings.js";

/** How a call ended, in gRPC's words. */
export interface CallStatus {
  code: number;
  details: string;
  /** `grpc-status-details-bin`, where it came. */
  detail?: Buffer;
  /** What answers is no gRPC server, and will not be one after a wait. */
  foreign?: boolean;
}

const UNKNOWN = 2;
const UNAVAILABLE = 14;
const INTERNAL = 13;
/** The largest envelope that is taken: the largest that a hello may ask for. */
const MAX_MESSAGE = 64 << 20;
const WINDOW = 4 << 20;

/**
 * One gRPC call in both directions over HTTP/2, of envelopes as bytes: what `@grpc/grpc-js` does in general, for the one
 * call that the kit makes, without a promise and an object stream around each message. `node bench/echo.mjs --transports`
 * compares them.
 *
 * Events: `data` (an envelope), `drain`, and `status` (CallStatus) once, the last.
 */
export class Http2Call extends EventEmitter {
  readonly #session: http2.ClientHttp2Session;
  readonly #stream: http2.ClientHttp2Stream;
  #chunks: Buffer[] = [];
  #size = 0;
  #need = 5;
  #inBody = false;
  #over = false;
  #status: CallStatus | undefined;
  #paused = false;
  #held: Buffer[] = [];

  constructor(session: http2.ClientHttp2Session, path: string, token: string | undefined) {
    super();
    this.#session = session;
    this.#stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      "user-agent": "siohub-node",
      ...(token && { authorization: `Bearer ${token}` }),
    });
    this.#stream.on("response", (headers) => this.#response(headers));
    this.#stream.on("trailers", (trailers) => this.#trailers(trailers));
    this.#stream.on("data", (chunk: Buffer) => this.#take(chunk));
    this.#stream.on("drain", () => this.emit("drain"));
    // The hub says in trailers why it ends a call. A reset is of what lies between, or of a connection that breaks, whatever
    // its code: Node itself ends the streams of a broken connection with INTERNAL_ERROR.
    const broken = (details: string): void => this.#end({ code: UNAVAILABLE, details });
    this.#stream.on("error", (error) => broken(error.message));
    // Not only `close`, which waits for this side to end too: a proxy need not reset what the hub has ended.
    this.#stream.on("end", () => broken("the stream has ended without a status"));
    const lost = (error: Error): void => broken(error.message);
    session.on("error", lost);
    this.#stream.on("close", () => {
      session.off("error", lost); // which outlives single calls
      broken("the connection has ended");
    });
  }

  /** Sends an envelope. False when more should wait for `drain`. */
  write(message: Buffer, left?: () => void): boolean {
    if (this.#over || this.#stream.destroyed) return false;
    const frame = Buffer.allocUnsafe(5 + message.length);
    frame[0] = 0; // not compressed
    frame.writeUInt32BE(message.length, 1);
    message.copy(frame, 5);
    return left === undefined ? this.#stream.write(frame) : this.#stream.write(frame, left);
  }

  /** Closes this side. */
  end(): void {
    if (!this.#stream.destroyed) this.#stream.end();
  }

  /** Keeps what comes until `resume`. */
  pause(): void {
    this.#paused = true;
    this.#stream.pause();
  }

  resume(): void {
    this.#paused = false;
    for (const message of this.#held.splice(0)) this.emit("data", message);
    this.#stream.resume();
  }

  /** Gives the call up, and its connection. */
  cancel(): void {
    this.#over = true;
    this.#stream.close(http2.constants.NGHTTP2_CANCEL);
    this.#session.destroy();
  }

  #response(headers: http2.IncomingHttpHeaders): void {
    const type = headers["content-type"] ?? "";
    const http = Number(headers[":status"]);
    if (http !== 200 || !type.startsWith("application/grpc")) {
      const proxy = http >= 500 || http === 408 || http === 429; // before a hub that is not there, or busy
      const details = `HTTP status ${http}, content-type ${type || "none"}`;
      this.#status = proxy ? { code: UNAVAILABLE, details } : { code: UNKNOWN, details, foreign: true };
      return;
    }
    if (headers["grpc-status"] !== undefined) this.#trailers(headers); // it ended before it began
  }

  #trailers(trailers: http2.IncomingHttpHeaders): void {
    const detail = trailers["grpc-status-details-bin"];
    this.#status = {
      code: Number(trailers["grpc-status"] ?? UNKNOWN),
      details: readable(String(trailers["grpc-message"] ?? "")),
      ...(typeof detail === "string" && { detail: Buffer.from(detail, "base64") }),
    };
  }

  /** Cuts what comes into messages. */
  #take(chunk: Buffer): void {
    let rest = chunk;
    if (this.#size > 0) {
      this.#chunks.push(chunk);
      this.#size += chunk.length;
      if (this.#size < this.#need) return;
      rest = Buffer.concat(this.#chunks, this.#size);
      this.#chunks = [];
      this.#size = 0;
    }
    let at = 0;
    while (!this.#over) {
      if (!this.#inBody) {
        if (rest.length - at < 5) break;
        const length = rest.readUInt32BE(at + 1);
        if (rest[at] !== 0 || length > MAX_MESSAGE) {
          this.#end({ code: INTERNAL, details: "the hub sent a message that is compressed, or too large" });
          return;
        }
        at += 5;
        this.#need = length;
        this.#inBody = true;
      }
      if (rest.length - at < this.#need) break;
      const message = rest.subarray(at, at + this.#need);
      at += this.#need;
      this.#need = 5;
      this.#inBody = false;
      if (this.#paused) this.#held.push(message);
      else this.emit("data", message);
    }
    if (at < rest.length) {
      this.#chunks = [rest.subarray(at)];
      this.#size = rest.length - at;
    } else if (this.#inBody) {
      this.#size = 0;
    }
  }

  #end(status: CallStatus): void {
    if (this.#over) return;
    this.#over = true;
    this.emit("status", this.#status ?? status);
  }
}

/** The text of `grpc-message`; as it came where it is not what gRPC writes. */
function readable(message: string): string {
  try {
    return decodeURIComponent(message.replace(/%(?![0-9A-Fa-f]{2})/g, "%25"));
  } catch {
    return message;
  }
}

/** Connects, within `patience` milliseconds. */
export function openSession(settings: Settings, address: string, patience: number): Promise<http2.ClientHttp2Session> {
  const scheme = settings.tls === undefined ? "http" : "https";
  const socket = openSocket(settings, address);
  const session = http2.connect(`${scheme}://${address}`, {
    createConnection: () => socket,
    settings: { initialWindowSize: WINDOW, enablePush: false },
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail(new Error(`no connection within ${patience / 1000} s`)), patience);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      session.destroy();
      reject(error);
    };
    session.on("error", fail);
    socket.on("error", fail); // some are not told by the session: that a certificate is wanted, for one
    session.once("connect", () => session.setLocalWindowSize(WINDOW));
    session.once("remoteSettings", () => {
      clearTimeout(timer);
      session.off("error", fail);
      session.on("error", () => {}); // the call tells
      session.setMaxListeners(0); // each call listens while it is under way
      resolve(session);
    });
    session.once("close", () => fail(new Error("the connection has ended")));
  });
}

function openSocket(settings: Settings, address: string): net.Socket {
  const host = hostOf(address);
  const port = Number(portOf(address));
  const given = settings.tls;
  if (given === undefined) return net.connect({ host, port, noDelay: true });
  const servername = given.serverName ?? (net.isIP(host) === 0 ? host : "");
  const { ca, cert, key } = given;
  return tls.connect({ host, port, ca, cert, key, servername, ALPNProtocols: ["h2"] }).setNoDelay(true);
}
