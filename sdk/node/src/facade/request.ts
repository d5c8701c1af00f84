import { EventEmitter } from "node:events";
import { type IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Socket as NetSocket } from "node:net";
import type { ParsedUrlQuery } from "node:querystring";
import type { Handshake as Message } from "../pb/index.js";

/** The browser's opening request as programs know it. */
export interface Handshake {
  headers: IncomingHttpHeaders;
  /** When it arrived, as a text. */
  time: string;
  /** The browser's address. */
  address: string;
  /** Whether the page was another origin's. */
  xdomain: boolean;
  /** Whether the browser reached the hub over TLS. */
  secure: boolean;
  /** When it arrived, in milliseconds since 1970. */
  issued: number;
  url: string;
  query: ParsedUrlQuery;
  // biome-ignore lint/suspicious/noExplicitAny: what the client sent
  auth: { [key: string]: any };
}

/** What stands for the browser's TCP connection. */
class Peer extends EventEmitter {
  readonly remoteAddress: string;
  readonly remotePort = undefined;
  readonly encrypted: boolean;
  readonly readable = false;
  readonly writable = false;
  destroyed = false;

  constructor(remoteAddress: string, encrypted: boolean) {
    super();
    this.remoteAddress = remoteAddress;
    this.encrypted = encrypted;
  }

  setTimeout(): this {
    return this;
  }

  destroy(): this {
    this.destroyed = true;
    return this;
  }
}

/** A request without a body, as middlewares of Express and its like take it. */
export type Request = IncomingMessage & { _query: ParsedUrlQuery; originalUrl: string; res?: unknown };

/** The headers that Node keeps a list of, or the first of. */
const ONE_OF_MANY = new Set(["content-type", "content-length", "user-agent", "referer", "host", "authorization", "from", "etag"]);

/** When a browser's opening request arrived, in milliseconds since 1970. */
export function issued(handshake: Message | undefined): number {
  const time = handshake?.issueTime;
  return time === undefined ? Date.now() : time.seconds * 1000 + Math.floor(time.nanos / 1e6);
}

export function newRequest(handshake: Message | undefined): Request {
  const peer = new Peer(handshake?.remoteAddress ?? "", handshake?.secure ?? false);
  const request = new IncomingMessage(peer as unknown as NetSocket) as Request;
  request.method = "GET";
  request.httpVersion = "1.1";
  request.httpVersionMajor = 1;
  request.httpVersionMinor = 1;
  request.url = handshake?.url ?? "";
  request.originalUrl = request.url;
  const headers: IncomingHttpHeaders = {};
  const raw: string[] = [];
  for (const { name, value } of handshake?.headers ?? []) {
    raw.push(name, value);
    add(headers, name.toLowerCase(), value);
  }
  request.headers = headers;
  request.rawHeaders = raw;
  request._query = Object.fromEntries((handshake?.query ?? []).map(({ name, value }) => [name, value]));
  request.complete = true;
  request.push(null);
  return request;
}

function add(headers: IncomingHttpHeaders, name: string, value: string): void {
  const before = headers[name];
  if (name === "set-cookie") headers[name] = [...((before as string[] | undefined) ?? []), value];
  else if (before === undefined) headers[name] = value;
  else if (!ONE_OF_MANY.has(name)) headers[name] = `${before as string}${name === "cookie" ? "; " : ", "}${value}`;
}

/** The handshake of a socket: what its request says by now, with the auth of its namespace. */
export function newHandshake(request: Request | undefined, address: string, issued: number, auth: Handshake["auth"]): Handshake {
  return {
    headers: request?.headers ?? {},
    time: `${new Date(issued)}`,
    address,
    xdomain: !!request?.headers.origin,
    secure: request === undefined || !!(request.socket as { encrypted?: boolean } | undefined)?.encrypted,
    issued,
    url: request?.url as string,
    query: request?._query ?? {},
    auth,
  };
}
