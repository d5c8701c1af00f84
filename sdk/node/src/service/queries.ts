import type { Way } from "../core/line.js";
import type { Result } from "../pb/index.js";
import { type Outcome, outcome } from "./answers.js";
import { request } from "./request.js";
import { Target } from "./target.js";

const PAGE = 1000;

/** What can be asked of the hubs without a target. */
export abstract class Queries {
  /** @internal */
  abstract _way(): Way;

  /** Nobody yet, in a namespace that this service need not handle: `in("/chat").to("lobby")`, `in("/chat").all()`. */
  in(namespace: string): Target {
    return new Target(() => this._way(), { namespace });
  }

  /** Ends the authorization of browsers: their connections close, and their clients come back to be decided upon anew. */
  async revoke(who: { users?: string[]; sockets?: string[] }): Promise<Outcome> {
    const revoke = { users: who.users ?? [], sockets: who.sockets ?? [] };
    return outcome(await request(this._way(), { op: { $case: "revoke", revoke } }));
  }

  /** Rooms of a namespace, sorted, but those of single sockets. */
  async listRooms(namespace: string, prefix = ""): Promise<{ rooms: { name: string; count: number }[]; missing: string[] }> {
    const pages: Result[] = [];
    const listRooms = { namespace, prefix, pageSize: PAGE, pageToken: "" };
    const last = await request(this._way(), { op: { $case: "listRooms", listRooms } }, pages);
    const rooms = [...pages, last].flatMap((page) => page.rooms).map(({ name, socketCount }) => ({ name, count: socketCount }));
    return { rooms, missing: last.missingHubIds };
  }

  /** Users who have a socket in a namespace, sorted. */
  async listUsers(namespace: string, prefix = ""): Promise<{ users: { id: string; count: number }[]; missing: string[] }> {
    const pages: Result[] = [];
    const listUsers = { namespace, prefix, pageSize: PAGE, pageToken: "" };
    const last = await request(this._way(), { op: { $case: "listUsers", listUsers } }, pages);
    const users = [...pages, last].flatMap((page) => page.users).map(({ id, socketCount }) => ({ id, count: socketCount }));
    return { users, missing: last.missingHubIds };
  }

  /** How many users have a socket in a namespace. */
  async countUsers(namespace: string): Promise<{ count: number; missing: string[] }> {
    const last = await request(this._way(), { op: { $case: "countUsers", countUsers: { namespace } } });
    return { count: last.count, missing: last.missingHubIds };
  }
}
