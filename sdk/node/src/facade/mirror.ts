import type { Member } from "../core/peer.js";
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

/** Puts a socket into a room in which its browser is. */
export function mirrorRoom(socket: AnySocket, room: string): void {
  if (!isIn(socket, room)) socket.adapter._mirror(socket.id, [room]);
}

/** Takes over all rooms as the hub tells them when it introduces a socket again. */
export function mirrorMember(socket: AnySocket, member: Member): void {
  for (const room of member.rooms) mirrorRoom(socket, room);
  for (const room of [...socket.rooms]) {
    const name = String(room);
    if (room === socket.id || member.rooms.has(name) || socket.nsp._pending.has(socket.id, name)) continue;
    socket.adapter._unmirror(socket.id, room);
  }
}
