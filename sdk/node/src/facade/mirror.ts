import type { RoomsChanged } from "../pb/index.js";
import type { AnySocket } from "./any.js";

/** Takes over what the hub tells of a socket's rooms, but for changes of ours that it has not confirmed: those are newer. */
export function mirrorRooms(socket: AnySocket, change: RoomsChanged): void {
  const { adapter, _pending: pending } = socket.nsp;
  for (const name of change.left) {
    if (name === socket.id || pending.has(socket.id, name)) continue;
    for (const room of adapter._named(name)) adapter._unmirror(socket.id, room);
  }
  if (!socket.connected) return;
  const joined = change.joined.filter((name) => name !== socket.id && !pending.has(socket.id, name) && !isIn(socket, name));
  if (joined.length > 0) adapter._mirror(socket.id, joined);
}

/** Whether a socket is in a room by any of the forms of its name. */
function isIn(socket: AnySocket, name: string): boolean {
  return socket.adapter._named(name).some((room) => socket.rooms.has(room));
}
