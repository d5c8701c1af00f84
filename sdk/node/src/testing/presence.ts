import { Kind, Notice, NoticeKind, Observation, Role, type Subscription } from "../pb/index.js";
import type { Browser } from "./browser.js";
import type { Desk } from "./desk.js";
import { fits, rankOf } from "./interest.js";
import type { Session } from "./session.js";

type Fact = NonNullable<Notice["fact"]>;

function tell(session: Session, kind: NoticeKind, fact: Fact): void {
  const notice = Notice.fromPartial({ kind, count: 1 });
  notice.fact = fact;
  session.say({ $case: "notice", notice });
}

/** Changes the rooms of a socket, and tells who asked for it. */
export function changeRooms(desk: Desk, browser: Browser, join: readonly string[], leave: readonly string[]): void {
  const before = new Set(browser.rooms);
  const occupied = new Map([...join, ...leave].map((room) => [room, isOccupied(desk, browser.namespace, room)]));
  for (const room of join) browser.rooms.add(room);
  for (const room of leave) browser.rooms.delete(room);
  const joined = [...browser.rooms].filter((room) => !before.has(room)).sort();
  const left = [...before].filter((room) => !browser.rooms.has(room)).sort();
  if (joined.length + left.length === 0) return;
  browser.roomsVersion++;
  const roomsChanged = {
    socketId: browser.id,
    namespace: browser.namespace,
    joined,
    left,
    roomsVersion: browser.roomsVersion,
  };
  for (const session of holders(desk, browser, Kind.KIND_ROOMS)) {
    tell(session, NoticeKind.NOTICE_KIND_ROOMS_CHANGED, { $case: "roomsChanged", roomsChanged });
  }
  tellRooms(desk, browser.namespace, occupied);
}

function tellRooms(desk: Desk, namespace: string, before: Map<string, boolean>): void {
  for (const [room, was] of before) {
    const is = isOccupied(desk, namespace, room);
    if (is !== was) for (const session of desk.sessions) tellRoom(desk, session, namespace, room, is);
  }
}

/** The instances that hold a socket and ask for a kind. */
export function holders(desk: Desk, browser: Browser, kind: Kind): Session[] {
  const found: Session[] = [];
  for (const { session } of desk.lanes.get(browser.id)?.values() ?? []) {
    if (session?.asks(kind, browser.namespace) && session.knows(browser.id)) found.push(session);
  }
  return found;
}

function isOccupied(desk: Desk, namespace: string, room: string): boolean {
  for (const browser of desk.browsers.values()) {
    if (browser.connected && browser.namespace === namespace && browser.rooms.has(room)) return true;
  }
  return false;
}

function isPresent(desk: Desk, namespace: string, user: string): boolean {
  for (const browser of desk.browsers.values()) {
    if (browser.connected && browser.namespace === namespace && browser.user === user) return true;
  }
  return false;
}

function tellRoom(desk: Desk, session: Session, namespace: string, room: string, occupied: boolean): void {
  const asked = session.subscriptions.some(
    (one) => rankOf(one, { role: Role.ROLE_HANDLER, namespace, kind: Kind.KIND_OCCUPANCY }) >= 0 && fits(one.rooms, room) >= 0,
  );
  const kind = occupied ? NoticeKind.NOTICE_KIND_ROOM_OCCUPIED : NoticeKind.NOTICE_KIND_ROOM_VACATED;
  if (asked) tell(session, kind, { $case: "room", room: { namespace, room, hubId: desk.hubId } });
}

function tellUser(desk: Desk, session: Session, namespace: string, user: string, present: boolean): void {
  if (!session.asks(Kind.KIND_USERS, namespace)) return;
  const kind = present ? NoticeKind.NOTICE_KIND_USER_PRESENT : NoticeKind.NOTICE_KIND_USER_ABSENT;
  tell(session, kind, { $case: "user", user: { namespace, user, hubId: desk.hubId } });
}

/** A socket comes or goes by `change`: rooms and users that it is the first or the last of are told. */
export function withPresence(desk: Desk, browser: Browser, change: () => void): void {
  const { namespace } = browser;
  const look = (): Map<string, boolean> => new Map([...browser.rooms].map((room) => [room, isOccupied(desk, namespace, room)]));
  const rooms = look();
  const users = new Map(browser.user === "" ? [] : [[browser.user, isPresent(desk, namespace, browser.user)]]);
  change();
  for (const room of browser.rooms) if (!rooms.has(room)) rooms.set(room, false);
  if (browser.user !== "" && !users.has(browser.user)) users.set(browser.user, false);
  tellRooms(desk, namespace, rooms);
  for (const [user, was] of users) {
    const is = isPresent(desk, namespace, user);
    if (is !== was) for (const session of desk.sessions) tellUser(desk, session, namespace, user, is);
  }
}

/** Tells an instance that attaches of the rooms and users that there are. */
export function tellAll(desk: Desk, session: Session): void {
  const said = new Set<string>();
  const once = (key: string, say: () => void): void => {
    if (said.has(key)) return;
    said.add(key);
    say();
  };
  for (const { connected, namespace, rooms, user } of desk.browsers.values()) {
    if (!connected) continue;
    for (const room of rooms) once(`${namespace} r ${room}`, () => tellRoom(desk, session, namespace, room, true));
    if (user !== "") once(`${namespace} u ${user}`, () => tellUser(desk, session, namespace, user, true));
  }
}

/** Gives copies of what happened to those who observe it. */
export function observe(
  desk: Desk,
  browser: Browser | undefined,
  namespace: string,
  kind: Kind,
  body: NonNullable<Observation["body"]>,
  event?: string,
): void {
  for (const session of desk.sessions) {
    for (const asked of session.subscriptions) {
      if (rankOf(asked, { role: Role.ROLE_OBSERVER, namespace, kind, ...(event !== undefined && { event }) }) < 0) continue;
      if (browser !== undefined && !concerns(asked, browser)) continue;
      const observation = Observation.fromPartial({
        subscriptionId: asked.id,
        kind,
        time: now(),
        ...(browser && { socket: browser.socket() }),
        body,
      });
      if (!asked.payloads) strip(observation);
      session.say({ $case: "observation", observation });
    }
  }
}

function concerns(asked: Subscription, browser: Browser): boolean {
  if (asked.users.length > 0 && !asked.users.includes(browser.user)) return false;
  if (asked.sockets.length > 0 && !asked.sockets.includes(browser.id)) return false;
  return asked.rooms.length === 0 || [...browser.rooms].some((room) => fits(asked.rooms, room) >= 0);
}

function strip({ body }: Observation): void {
  if (body?.$case === "event") body.event.payload = undefined;
  if (body?.$case === "emitted" && body.emitted.emit !== undefined) body.emitted.emit.payload = undefined;
}

export function now(): { seconds: number; nanos: number } {
  const ms = Date.now();
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 };
}
