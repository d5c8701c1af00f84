import type { Handshake as Message, Timestamp } from "../pb/index.js";

/** The browser's opening request. */
export interface Handshake {
  url: string;
  /** Header lines by lower-case name; of several with one name the values in their order. */
  headers: Record<string, string[]>;
  query: Record<string, string>;
  /** Values as they were sent, by name. */
  cookies: Record<string, string>;
  remoteAddress: string;
  origin: string;
  transport: string;
  /** Engine.IO's revision: 4, or 3. */
  protocolVersion: number;
  secure: boolean;
  issueTime: Date | undefined;
}

export function newHandshake(message: Message | undefined): Handshake | undefined {
  if (message === undefined) return undefined;
  const headers: Record<string, string[]> = {};
  for (const { name, value } of message.headers) {
    const key = name.toLowerCase();
    headers[key] = [...(headers[key] ?? []), value];
  }
  return {
    url: message.url,
    headers,
    query: Object.fromEntries(message.query.map(({ name, value }) => [name, value])),
    cookies: cookiesOf(headers.cookie ?? []),
    remoteAddress: message.remoteAddress,
    origin: message.origin,
    transport: message.transport,
    protocolVersion: message.protocolVersion,
    secure: message.secure,
    issueTime: date(message.issueTime),
  };
}

/** Cookies of header lines; of two with one name the first counts, as browsers send the more specific one first. */
function cookiesOf(lines: readonly string[]): Record<string, string> {
  const cookies: Record<string, string> = {};
  for (const pair of lines.join(";").split(";")) {
    const at = pair.indexOf("=");
    const name = pair.slice(0, Math.max(at, 0)).trim();
    if (name !== "" && !Object.hasOwn(cookies, name))
      cookies[name] = pair
        .slice(at + 1)
        .trim()
        .replace(/^"(.*)"$/, "$1");
  }
  return cookies;
}

export function date(time: Timestamp | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time.seconds * 1000 + time.nanos / 1e6);
}
