import type { HubInfo, Welcome } from "../pb/index.js";
import type { Attachment } from "./attachment.js";
import type { Core } from "./core.js";
import type { Link } from "./link.js";
import { type Member, Peer } from "./peer.js";

const MAX_LOST = 256;
const MAX_HUBS = 1024;

/** The hello has to be said again, with or without `anew`. */
export class AnewError extends Error {
  constructor() {
    super("the hub needs another hello");
  }
}

/** Where a hub process stands. */
interface Standing {
  peer: Peer;
  /** Has a stream to it; undefined while it is away. */
  link: Link | undefined;
  /** The newest; may be suspended, or have ended. */
  attachment: Attachment | undefined;
  /** What it said last: addresses by the ids of the hubs that are alive. */
  tells: Map<string, string>;
  /** Hubs that it ever named. */
  named: Set<string>;
}

/**
 * The hub processes that this process knows, by their ids: which link leads to which of them, what each of them says
 * of the others, and which are lost.
 *
 *            a stream opens                 it ends
 *   unknown ───────────────► attached ◄──────────────────► away
 *                               ▲        a stream opens      │ the others say so, another process
 *                               │                            │ has its address, or it is given up
 *                               │  a stream opens            ▼
 *                               └─────────────────────────  lost
 *                                  (its hello says `anew`)
 *
 * A hub that is attached is never lost, whatever is said of it.
 */
export class Hubs {
  readonly #core: Core;
  readonly #known = new Map<string, Standing>();
  #lost: string[] = [];

  constructor(core: Core) {
    this.#core = core;
  }

  /** A link was welcomed with a new attachment; the hello said `anew` or not. */
  meet(link: Link, welcome: Welcome, anew: boolean): Peer {
    const id = welcome.hubId;
    const before = this.#known.get(id);
    const lost = this.#lost.includes(id);
    if (lost !== anew && (lost || before !== undefined)) throw new AnewError();
    this.#lost = this.#lost.filter((other) => other !== id);
    const standing = before ?? newStanding(id);
    this.#known.set(id, standing);
    standing.link = link;
    says(standing, welcome.hubs);
    standing.peer.round++;
    const gone = this.#judge();
    const last = this.#known.get(link.last);
    if (last !== undefined && last.link === undefined && !this.#named(link.last)) gone.push(this.#lose(last));
    this.#mourn(gone);
    return standing.peer;
  }

  /** A link has taken up its attachment. */
  resumed(link: Link, peer: Peer, welcome: Welcome): void {
    const standing = this.#known.get(peer.hubId);
    if (standing?.peer !== peer) throw new AnewError(); // it was taken for lost meanwhile
    standing.link = link;
    says(standing, welcome.hubs);
    this.#mourn(this.#judge());
  }

  attach(peer: Peer, attachment: Attachment): void {
    const standing = this.#known.get(peer.hubId);
    if (standing !== undefined) standing.attachment = attachment;
  }

  /** A link's stream has ended. True when another link has one to the same hub by now. */
  ended(link: Link, peer: Peer): boolean {
    const standing = this.#known.get(peer.hubId);
    const replaced = standing?.link !== undefined && standing.link !== link;
    if (standing?.link === link) standing.link = undefined;
    this.#mourn(this.#judge());
    return replaced;
  }

  /** A hub tells its list. */
  hear(peer: Peer, list: HubInfo[]): void {
    const standing = this.#known.get(peer.hubId);
    if (standing === undefined) return;
    says(standing, list);
    this.#mourn(this.#judge());
  }

  /** A link has ended: nobody tries to reach its hub any more. */
  abandon(link: Link, judge: boolean): void {
    const standing = this.#known.get(link.last);
    if (judge && standing !== undefined && standing.link === undefined && !this.#named(link.last)) {
      this.#mourn([this.#lose(standing)]);
    }
  }

  /** Takes out the hubs that are away and that another one misses. */
  #judge(): Standing[] {
    const gone: Standing[] = [];
    for (const standing of [...this.#known.values()]) {
      if (standing.link !== undefined) continue;
      const id = standing.peer.hubId;
      for (const other of this.#known.values()) {
        if (other.link !== undefined && other.named.has(id) && !other.tells.has(id)) {
          gone.push(this.#lose(standing));
          break;
        }
      }
    }
    return gone;
  }

  #named(id: string): boolean {
    for (const [other, { link, tells }] of this.#known) {
      if (other !== id && link !== undefined && tells.has(id)) return true;
    }
    return false;
  }

  #lose(standing: Standing): Standing {
    this.#known.delete(standing.peer.hubId);
    this.#lost.push(standing.peer.hubId);
    this.#lost = this.#lost.slice(-MAX_LOST);
    return standing;
  }

  /** Tells the program that what was at these hubs has gone. */
  #mourn(lost: Standing[]): void {
    for (const { peer, attachment } of lost) {
      attachment?.end("lost");
      const gone = peer.lost();
      if (gone.length > 0) this.#core.log.warn("the hub is lost", { hub: peer.hubId, sockets: gone.length });
      for (const member of gone) this.#core.program.gone(member, "");
      this.#core.program.hubLost?.(peer.hubId);
    }
    this.#core.runner.nudge();
  }

  /** A socket is at one hub by now: it has ended at the others. */
  cameBack(at: Peer, id: string): void {
    if (this.#known.size < 2) return;
    for (const { peer } of this.#known.values()) {
      const member = peer === at ? undefined : peer.left(id);
      if (member !== undefined) this.#core.program.gone(member, "the socket came back at another hub");
    }
  }

  /** A live socket, wherever it is. */
  find(id: string): Member | undefined {
    for (const { peer } of this.#known.values()) {
      const member = peer.live(id);
      if (member !== undefined) return member;
    }
    return undefined;
  }

  peer(id: string): Peer | undefined {
    return this.#known.get(id)?.peer;
  }

  isLost(id: string): boolean {
    return this.#lost.includes(id);
  }

  /** Hubs to which other links have streams. */
  attachedBut(link: Link): string[] {
    return [...this.#known]
      .filter(([, standing]) => standing.link !== undefined && standing.link !== link)
      .map(([id]) => id)
      .slice(0, MAX_HUBS)
      .sort();
  }

  /** Ids of the hubs that have a stream. */
  attached(): string[] {
    return [...this.#known].filter(([, { link }]) => link !== undefined).map(([id]) => id);
  }

  /** Addresses that hubs tell, but those of hubs that a link holds by another address, with the hub's id. */
  told(): Map<string, string> {
    const places = new Map<string, string>();
    for (const { tells } of this.#known.values()) {
      for (const [id, address] of tells) {
        const holder = this.#holder(id);
        if (address !== "" && (holder === undefined || holder.address === address)) places.set(address, id);
      }
    }
    return places;
  }

  #holder(id: string): Link | undefined {
    const standing = this.#known.get(id);
    if (standing?.link !== undefined) return standing.link;
    const attachment = standing?.attachment;
    return attachment !== undefined && !attachment.ended ? attachment.link : undefined;
  }
}

function newStanding(id: string): Standing {
  return { peer: new Peer(id), link: undefined, attachment: undefined, tells: new Map(), named: new Set() };
}

/** Takes a list. One without anybody says nothing. */
function says(standing: Standing, list: HubInfo[]): void {
  if (list.length === 0) return;
  standing.tells = new Map(list.slice(0, MAX_HUBS).map(({ id, controlAddress }) => [id, controlAddress]));
  for (const id of standing.tells.keys()) {
    if (standing.named.size < 2 * MAX_HUBS) standing.named.add(id);
  }
}
