import { lookup } from "node:dns/promises";
import { ConfigError } from "./errors.js";
import { DEFAULT_PORT } from "./settings.js";

/** What HUB_ADDRESS says: addresses, and names that stand for each address that they resolve to. */
export interface Places {
  fixed: string[];
  names: { host: string; port: string }[];
}

export function parse(value: string): Places {
  const places: Places = { fixed: [], names: [] };
  for (const part of value.split(",").map((text) => text.trim())) {
    if (part === "") continue;
    const name = /^dns:\/\/\/(.+)$/.exec(part)?.[1];
    const address = withPort(name ?? part);
    if (name === undefined) places.fixed.push(address);
    else places.names.push({ host: hostOf(address), port: portOf(address) });
  }
  if (places.fixed.length + places.names.length === 0) throw new ConfigError("hub.address", "names no hub");
  return places;
}

function withPort(address: string): string {
  if (address.startsWith("[")) return address.includes("]:") ? address : `${address}:${DEFAULT_PORT}`;
  return address.includes(":") ? address : `${address}:${DEFAULT_PORT}`;
}

export function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(":")).replace(/^\[|\]$/g, "");
}

export function portOf(address: string): string {
  return address.slice(address.lastIndexOf(":") + 1);
}

/** Whether a told address can be dialled at all. */
export function isHostPort(address: string): boolean {
  return /^(\[[0-9a-fA-F:.]+\]|[^:/\s]+):\d{1,5}$/.test(address);
}

/** The addresses of a name. */
export async function resolve(host: string, port: string): Promise<string[]> {
  const found = await lookup(host, { all: true });
  return found.map(({ address, family }) => (family === 6 ? `[${address}]:${port}` : `${address}:${port}`));
}
