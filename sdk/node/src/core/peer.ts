import { type Delivery as Message, type RoomsChanged, Socket } from "../pb/index.js";
import { EventMessage } from "./envelope.js";

/** A socket as this process knows it, from its connected to its end. */
export interface Member {
  readonly id: string;
  /** The hub that holds it. */
  readonly hubId: string;
  /** Its last delivery's `socket`, without the data. */
  socket: Socket;
  /** dedupe_id of its connected, in hexadecimal: the identity of its life. */
  readonly dedupe: string;
  /** The round of its last introduction. */
  round: number;
  /** The program has heard of it, and has to hear of its end. */
  told: boolean;
  /** Its end was told, or has nobody to tell it to: what the hub still says is late. */
  gone: boolean;
  rooms: Set<string>;
  roomsVersion: number;
  /** `socket.data` as JSON; empty when there is none. */
  data: Buffer;
  dataVersion: number;
  /** What the program keeps for it. */
  value: unknown;
  /** @internal `socket` as it came, where it has no data: one that comes again needs no reading. */
  raw: Buffer | undefined;
}

const NOTHING = Buffer.alloc(0);

/** What this process knows of one hub process: the sockets there. It outlives attachments. */
export class Peer {
  readonly hubId: string;
  readonly #members = new Map<string, Member>();
  /** Grows with each attachment. */
  round = 0;
  /** The hub has dropped lifecycle records since the last introduction. */
  dropped = false;

  constructor(hubId: string) {
    this.hubId = hubId;
  }

  /** Makes a member of a socket whose connected has arrived; the one that there is when it is told again. */
  introduce(message: Message): Member {
    const socket = message.socket as Socket;
    const dedupe = message.dedupeId.toString("hex");
    const { rooms, roomsVersion } = message.body?.$case === "connected" ? message.body.connected : { rooms: [], roomsVersion: 0 };
    let member = this.#members.get(socket.id);
    if (member === undefined || member.dedupe !== dedupe) {
      member = newMember(this.hubId, socket, dedupe);
      this.#members.set(socket.id, member);
    }
    member.round = this.round;
    if (member.roomsVersion <= roomsVersion) {
      member.rooms = new Set(rooms);
      member.roomsVersion = roomsVersion;
    }
    refresh(member, socket);
    return member;
  }

  /** The member of a delivery, with what the delivery says of it. */
  meet(socket: Socket): Member | undefined {
    const member = this.#members.get(socket.id);
    if (member !== undefined) refresh(member, socket);
    return member;
  }

  /** The member of an event, whose socket is read only when it is not as it was. */
  whose(message: Message): Member | undefined {
    if (!(message instanceof EventMessage)) return this.meet(message.socket as Socket);
    const { bytes, socketStart: start, socketEnd: end } = message;
    const member = this.#members.get(firstText(bytes, start, end));
    if (member?.raw !== undefined && same(member.raw, bytes, start, end)) {
      message.socket = member.socket;
      return member;
    }
    const raw = bytes.subarray(start, end);
    const socket = Socket.decode(raw);
    message.socket = socket;
    if (member !== undefined) {
      member.raw = socket.data.length === 0 ? Buffer.from(raw) : undefined;
      refresh(member, socket);
    }
    return member;
  }

  /** A member whose end was not told. */
  live(id: string): Member | undefined {
    const member = this.#members.get(id);
    return member?.gone ? undefined : member;
  }

  get size(): number {
    return this.#members.size;
  }

  /** Takes out a member that came back at another hub; undefined when there is nothing to tell of it. */
  left(id: string): Member | undefined {
    const member = this.#members.get(id);
    if (member === undefined || member.gone) return undefined;
    member.gone = true;
    return member.told ? member : undefined;
  }

  forget(member: Member): void {
    if (this.#members.get(member.id) === member) this.#members.delete(member.id);
  }

  /** Applies a change; undefined for one that is known already. */
  roomsChanged(change: RoomsChanged): Member | undefined {
    const member = this.#members.get(change.socketId);
    if (member === undefined || change.roomsVersion <= member.roomsVersion) return undefined;
    for (const room of change.left) member.rooms.delete(room);
    for (const room of change.joined) member.rooms.add(room);
    member.roomsVersion = change.roomsVersion;
    return member;
  }

  /** Takes members out that another process holds by now. */
  release(ids: string[]): Member[] {
    const released: Member[] = [];
    for (const id of ids) {
      const member = this.#members.get(id);
      if (member === undefined) continue;
      this.#members.delete(id);
      released.push(member);
    }
    return released;
  }

  /** Everybody who is there was introduced: who was not is another process's, or has gone without a word. */
  introduced(): { released: Member[]; gone: Member[] } {
    const released: Member[] = [];
    const gone: Member[] = [];
    for (const [id, member] of this.#members) {
      if (member.round === this.round) continue;
      this.#members.delete(id);
      if (!this.dropped) released.push(member);
      else if (member.told && !member.gone) gone.push(member);
      if (this.dropped) member.gone = true;
    }
    this.dropped = false;
    return { released, gone };
  }

  /** Takes all members out, for their hub has gone; those of whom the program has heard. */
  lost(): Member[] {
    const gone = [...this.#members.values()].filter((member) => member.told && !member.gone);
    for (const member of this.#members.values()) member.gone = true;
    this.#members.clear();
    return gone;
  }
}

function newMember(hubId: string, socket: Socket, dedupe: string): Member {
  return {
    id: socket.id,
    hubId,
    socket,
    dedupe,
    round: 0,
    told: false,
    gone: false,
    rooms: new Set(),
    roomsVersion: 0,
    data: NOTHING,
    dataVersion: 0,
    value: undefined,
    raw: undefined,
  };
}

/** Keeps the data that a delivery carries: it comes with the first one and after each change. */
function refresh(member: Member, socket: Socket): void {
  if (socket.data.length > 0 || socket.dataVersion > member.dataVersion) {
    member.data = Buffer.from(socket.data);
    member.dataVersion = socket.dataVersion;
  }
  socket.data = NOTHING; // a view of the whole envelope
  member.socket = socket;
}

/** A message's first field, where that is a text of less than 128 bytes and the field 1. */
function firstText(bytes: Buffer, start: number, end: number): string {
  const length = bytes[start + 1] as number;
  if (bytes[start] !== 10 || length > 127 || start + 2 + length > end) return "";
  return bytes.toString("latin1", start + 2, start + 2 + length);
}

function same(known: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false;
  return true;
}
