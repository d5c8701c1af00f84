import { commandError } from "../core/capability.js";
import { request } from "../core/line.js";
import type { Result, SocketInfo, Target } from "../pb/index.js";
import { decodeJSON } from "../values.js";
import type { AnyNamespace } from "./any.js";
import type { Bridge } from "./bridge.js";
import type { SocketDetails } from "./broadcast-operator.js";
import { newHandshake, newRequest } from "./request.js";

/** Asks the hub who is there. */
export class Fetching {
  readonly #bridge: Bridge;

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  /** The program's own objects for the sockets that are here, details of the others. */
  async fetch(nsp: AnyNamespace, targets: Target[]): Promise<unknown[]> {
    const found: unknown[] = [];
    for (const target of targets) {
      const fetch = { target, pageSize: 1000, includeHandshake: true };
      const pages: Result[] = [];
      const last = await request(this.#bridge.core.line, { op: { $case: "fetch", fetch } }, (page) => pages.push(page));
      const error = commandError(last);
      if (error !== undefined) throw error;
      for (const page of [...pages, last]) {
        for (const info of page.sockets) found.push(nsp.sockets.get(info.socket?.id ?? "") ?? details(info));
      }
    }
    return found;
  }
}

function details(info: SocketInfo): SocketDetails<unknown> {
  const id = info.socket?.id ?? "";
  const issued = info.connectTime === undefined ? 0 : info.connectTime.seconds * 1000;
  const request = newRequest(info.handshake);
  return {
    id,
    handshake: newHandshake(request, info.handshake?.remoteAddress ?? "", issued, {}),
    rooms: [id, ...info.rooms],
    data: decodeJSON(info.socket?.data ?? Buffer.alloc(0)) ?? {},
  };
}
