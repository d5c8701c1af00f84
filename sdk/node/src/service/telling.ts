import { createHash } from "node:crypto";
import type { Logger } from "../core/log.js";
import type { Member } from "../core/peer.js";
import { within } from "./context.js";
import type { Work } from "./lanes.js";
import { Disconnected } from "./lives.js";
import type { Namespace } from "./namespace.js";
import { Socket } from "./socket.js";

/** Something to tell that the kit made itself: there is nothing to settle. */
export class Telling implements Work {
  readonly lane: string;
  readonly concurrent = false;
  readonly last = true;
  readonly #task: () => unknown;
  readonly #log: Logger;

  constructor(lane: string, log: Logger, task: () => unknown) {
    this.lane = lane;
    this.#task = task;
    this.#log = log;
  }

  async run(): Promise<void> {
    try {
      await within(undefined, this.#task);
    } catch (error) {
      this.#log.error("a handler failed", { socket: this.lane, err: error, stack: (error as Error)?.stack });
    }
  }
}

/** The disconnected of a socket whose hub cannot tell it: the same whichever process makes it. */
export function ghost(namespace: Namespace, member: Member, detail: string): Disconnected {
  const dedupe = createHash("sha256").update(Buffer.from(member.dedupe, "hex")).update("hub lost").digest("hex").slice(0, 32);
  const facts = {
    socket: new Socket(namespace, member.socket, member),
    reason: "hub lost",
    closeCode: 0,
    detail,
    rooms: [...member.rooms],
    roomsLeftOut: 0,
    disconnectTime: new Date(),
    recoverableUntil: undefined,
  };
  return new Disconnected(undefined, facts, dedupe);
}
