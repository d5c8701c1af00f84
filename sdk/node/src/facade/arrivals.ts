import type { Delivery } from "../core/delivery.js";
import type { Member } from "../core/peer.js";
import type { Connected } from "../pb/index.js";
import { decodeJSON } from "../values.js";
import type { AnyNamespace, AnySocket } from "./any.js";
import type { Attempts } from "./attempts.js";
import type { Bridge } from "./bridge.js";
import type { Client } from "./client.js";
import { mirrorMember, mirrorRoom } from "./mirror.js";
import { issued } from "./request.js";
import { settleAfter } from "./settling.js";
import { Socket } from "./socket.js";

/** A socket that comes from another process, while its middlewares are still running. */
interface Arriving {
  readonly member: Member;
  readonly client: Client;
  /** Its introduction. */
  readonly delivery: Delivery;
  readonly connected: Connected;
  /** What comes for it meanwhile. */
  readonly waiting: Delivery[];
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
      mirrorMember(socket, member);
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
    for (const room of member.rooms) if (!socket.nsp._pending.has(socket.id, room)) mirrorRoom(socket, room);
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

  /** It comes from another process: it passes the middlewares here too, for they put things on the socket. */
  #comes(delivery: Delivery, member: Member, connected: Connected): void {
    const server = this.#bridge.server(connected.handshake);
    if (server === undefined) {
      delivery.nack("closing", { retry: true, elsewhere: true });
      delivery.end();
      return;
    }
    const client = this.#bridge.client(server, delivery, connected.handshake);
    client._attempts++;
    const arriving: Arriving = { member, client, delivery, connected, waiting: [] };
    member.value = arriving;
    const auth = (decodeJSON(connected.auth) ?? {}) as Record<string, unknown>;
    const admitted = server.engine._admit(client) ?? Promise.resolve(undefined);
    void admitted.then((error) => {
      if (error !== undefined) return this.#refuse(arriving, error);
      server._find(member.socket.namespace, auth, (nsp) => {
        if (nsp === false) this.#unknown(arriving);
        else this.#pass(nsp, auth, arriving);
      });
    });
  }

  #pass(nsp: AnyNamespace, auth: Record<string, unknown>, arriving: Arriving): void {
    const { member, client, delivery, connected } = arriving;
    const moved = connected.moved || (connected.late && delivery.message.attempt > 1);
    const socket: AnySocket = new Socket(nsp, client as never, {
      id: member.id,
      hubId: member.hubId,
      issued: issued(connected.handshake),
      auth,
      recovered: connected.recovered || moved,
      moved,
    });
    socket._data.take(member);
    nsp._preConnectSockets.set(socket.id, socket);
    nsp.adapter._mirror(socket.id, [socket.id, ...member.rooms]);
    nsp._run(socket, (err) => {
      process.nextTick(() => {
        if (member.gone || member.value !== arriving) {
          socket._cleanup();
          return this.#end(arriving);
        }
        if (err) {
          socket._cleanup();
          return this.#refuse(arriving, err);
        }
        client._attempts--;
        this.#connect(socket, member, delivery, connected);
        for (const waiting of arriving.waiting.splice(0)) this.#bridge.again(waiting);
      });
    });
  }

  /** What a middleware refuses here comes back to be decided upon anew: the hub closes its connection. */
  #refuse(arriving: Arriving, error: Error): void {
    const { member } = arriving;
    this.#bridge.log.info("a socket that came from another process is refused", { socket: member.id, err: error });
    this.#bridge.out.revoke(member.id, member.hubId);
    this.#drop(arriving);
  }

  /** A namespace that exists no more. */
  #unknown(arriving: Arriving): void {
    this.#bridge.log.warn("a socket comes to a namespace that this process does not have", {
      namespace: arriving.member.socket.namespace,
    });
    this.#drop(arriving);
  }

  #drop(arriving: Arriving): void {
    arriving.member.gone = true;
    this.#end(arriving);
  }

  #end(arriving: Arriving): void {
    const { member, client, delivery, waiting } = arriving;
    if (member.value === arriving) member.value = undefined;
    delivery.done();
    delivery.end();
    client._attempts--;
    client._check("transport close");
    for (const one of waiting.splice(0)) this.#bridge.again(one);
  }

  /** Keeps what comes for a socket that is arriving. False when it is not. */
  hold(member: Member | undefined, delivery: Delivery): boolean {
    const value = member?.value;
    if (value === undefined || value instanceof Socket) return false;
    (value as Arriving).waiting.push(delivery);
    return true;
  }
}
