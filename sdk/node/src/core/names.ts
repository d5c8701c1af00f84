import { InvalidError } from "./errors.js";

// What no hub takes, whatever its limits: found at the call. How long a name may be is the hub's to say.

const RESERVED_EVENTS = new Set(["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]);

/** The name of an event, if browsers can be sent one of that name. */
export function checkEvent(name: string): string {
  if (typeof name !== "string" || name === "") throw new InvalidError("EMPTY_EVENT", "emit.event", "an event has no name");
  if (RESERVED_EVENTS.has(name)) {
    throw new InvalidError("RESERVED_EVENT", "emit.event", `${name} means something to Socket.IO itself`);
  }
  return name;
}

/** Names of rooms that sockets can be put into. */
export function checkRooms(rooms: readonly string[], field: string): void {
  for (const [i, room] of rooms.entries()) {
    if (room === "") throw new InvalidError("EMPTY_NAME", `${field}[${i}]`, "a room has no name");
    if (room.startsWith("\u0001")) {
      throw new InvalidError("RESERVED_ROOM", `${field}[${i}]`, `${JSON.stringify(room)} starts with U+0001`);
    }
  }
}
