import type { Delivery } from "../core/delivery.js";
import type { Member } from "../core/peer.js";
import type { Connected } from "../pb/index.js";
import { decodeJSON } from "../values.js";
import type { AnyNamespace, AnyServer, AnySocket } from "./any.js";
import type { Attempts } from "./attempts.js";
import type { Bridge } from "./bridge.js";
import type { Client } from "./client.js";
import { settleAfter } from "./settling.js";
import { Socket } from "./socket.js";

/** What comes for a socket whose middlewares are still running. */
interface Arriving {
  waiting: Delivery[];
}

/** Sockets that the hub introduces: those that middlewares let in here, and those that come from another process. */
export class Arrivals {
  readonly #bridge: Bridge;
  readonly #attempts: Attempts;

  constructor(bridge: Bridge, attempts: Attempts) {
    this.#bridge = bridge;
    this.#attempts = attempts;
  }

  take(delivery: Delivery): void {
    const member = delivery.member as Member;
    const connected = (delivery.message.body as { connected: Connected }).connected;
    if (member.gone || member.value !== undefined) return this.#known(delivery, member);
    const socket = this.#attempts.claim(member.id);
    member.told = true;
    if (socket !== undefined) return this.#connect(socket, member, delivery, connected);
    this.#comes(delivery, member, connected);
  }

  /** It is introduced again: the same fact. */
  #known(delivery: Delivery, member: Member): void {
    const socket = member.value;
    if (socket instanceof Socket && socket.connected) {
      socket.conn._upgrade(member.socket.transport);
      this.#rooms(socket, member);
    }
    delivery.done();
    delivery.end();
  }

  #connect(socket: AnySocket, member: Member, delivery: Delivery, connected: Connected): void {
    member.value = socket;
    socket._member = member;
    socket.conn._upgrade(member.socket.transport); // it may have changed while middlewares were running
    if (member.data.length > 0) socket._data.take(member);
    else if (!connected.recovered) socket._data.touched();
    for (const room of member.rooms) if (!socket.nsp._pending.has(socket.id, room)) this.#join(socket, room);
    const before = this.#bridge.current;
    this.#bridge.current = delivery;
    let promises: Promise<unknown>[] = [];
    try {
      promises = socket.nsp._connect(socket);
    } catch (error) {
      return delivery.fail(error);
    } finally {
      this.#bridge.current = before;
    }
    socket._data.touched();
    settleAfter(delivery, promises, false);
  }

  #join(socket: AnySocket, room: string): void {
    const named = socket.adapter._named(room);
    if (!named.some((name) => socket.rooms.has(name))) socket.adapter._mirror(socket.id, [room]);
  }

  #rooms(socket: AnySocket, member: Member): void {
    for (const room of member.rooms) this.#join(socket, room);
    for (const room of [...socket.rooms]) {
      const name = String(room);
      if (room === socket.id || member.rooms.has(name) || socket.nsp._pending.has(socket.id, name)) continue;
      socket.adapter._unmirror(socket.id, room);
    }
  }

  /** It comes from another process: it passes the middlewares here too, for they put things on the socket. */
  #comes(delivery: Delivery, member: Member, connected: Connected): void {
    const server = this.#bridge.server(connected.handshake);
    if (server === undefined) {
      delivery.nack("closing", { retry: true, elsewhere: true });
      delivery.end();
      return;
    }
    const arriving: Arriving = { waiting: [] };
    member.value = arriving;
    const client = this.#bridge.client(server, delivery, connected.handshake);
    client._attempts++;
    const auth = (decodeJSON(connected.auth) ?? {}) as Record<string, unknown>;
    const admitted = server.engine._admit(client) ?? Promise.resolve(undefined);
    void admitted.then((error) => {
      if (error !== undefined) return this.#refuse(delivery, member, client, arriving, error);
      server._find(member.socket.namespace, auth, (nsp) => {
        if (nsp === false) this.#unknown(delivery, member, client, arriving);
        else this.#pass(server, nsp, client, delivery, member, connected, auth, arriving);
      });
    });
  }

  #pass(
    _server: AnyServer,
    nsp: AnyNamespace,
    client: Client,
    delivery: Delivery,
    member: Member,
    connected: Connected,
    auth: Record<string, unknown>,
    arriving: Arriving,
  ): void {
    const time = connected.handshake?.issueTime;
    const moved = connected.moved || (connected.late && delivery.message.attempt > 1);
    const socket: AnySocket = new Socket(nsp, client as never, {
      id: member.id,
      hubId: member.hubId,
      issued: time === undefined ? Date.now() : time.seconds * 1000 + Math.floor(time.nanos / 1e6),
      auth,
      recovered: connected.recovered || moved,
      moved,
    });
    socket._data.take(member);
    nsp._preConnectSockets.set(socket.id, socket);
    nsp.adapter._mirror(socket.id, [socket.id, ...member.rooms]);
    nsp._run(socket, (err) => {
      process.nextTick(() => {
        if (member.gone || member.value !== arriving) return this.#left(socket, delivery, member, client, arriving);
        if (err) {
          socket._cleanup();
          return this.#refuse(delivery, member, client, arriving, err);
        }
        client._attempts--;
        this.#connect(socket, member, delivery, connected);
        for (const waiting of arriving.waiting.splice(0)) this.#bridge.again(waiting);
      });
    });
  }

  /** What a middleware refuses here comes back to be decided upon anew: the hub closes its connection. */
  #refuse(delivery: Delivery, member: Member, client: Client, arriving: Arriving, error: Error): void {
    this.#bridge.log.info("a socket that came from another process is refused", { socket: member.id, err: error });
    this.#bridge.out.revoke(member.id, member.hubId);
    this.#drop(delivery, member, client, arriving);
  }

  /** A namespace that exists no more. */
  #unknown(delivery: Delivery, member: Member, client: Client, arriving: Arriving): void {
    this.#bridge.log.warn("a socket comes to a namespace that this process does not have", {
      namespace: member.socket.namespace,
    });
    this.#drop(delivery, member, client, arriving);
  }

  #left(socket: AnySocket, delivery: Delivery, member: Member, client: Client, arriving: Arriving): void {
    socket._cleanup();
    this.#end(delivery, member, client, arriving);
  }

  #drop(delivery: Delivery, member: Member, client: Client, arriving: Arriving): void {
    member.gone = true;
    this.#end(delivery, member, client, arriving);
  }

  #end(delivery: Delivery, member: Member, client: Client, arriving: Arriving): void {
    if (member.value === arriving) member.value = undefined;
    delivery.done();
    delivery.end();
    client._attempts--;
    client._check("transport close");
    for (const waiting of arriving.waiting.splice(0)) this.#bridge.again(waiting);
  }

  /** Keeps what comes for a socket that is arriving. False when it is not. */
  hold(member: Member | undefined, delivery: Delivery): boolean {
    const value = member?.value;
    if (value === undefined || value instanceof Socket) return false;
    (value as Arriving).waiting.push(delivery);
    return true;
  }
}
