import { Core, type Program } from "../core/core.js";
import type { Delivery } from "../core/delivery.js";
import type { HubError } from "../core/errors.js";
import type { Logger } from "../core/log.js";
import type { Member } from "../core/peer.js";
import { guarded } from "../core/raise.js";
import type { Settings } from "../core/settings.js";
import { onSigterm } from "../core/signals.js";
import type { Handshake as HandshakeMessage, RoomsChanged, Subscription, Upgraded } from "../pb/index.js";
import { decodeArgs, encodeArgs } from "../values.js";
import type { AnyServer } from "./any.js";
import { Arrivals } from "./arrivals.js";
import { Attempts } from "./attempts.js";
import { Client } from "./client.js";
import { mirrorRooms } from "./mirror.js";
import { Outgoing } from "./outgoing.js";
import type { DisconnectReason } from "./reserved.js";
import { settleAfter } from "./settling.js";
import { Socket } from "./socket.js";
import { subscriptions } from "./subscriptions.js";

/**
 * Between the hubs and the servers of this process that share an address: what browsers do becomes calls of sockets and
 * namespaces, and the other way round.
 */
export class Bridge implements Program {
  readonly settings: Settings;
  readonly log: Logger;
  readonly out: Outgoing;
  readonly subscriptions: readonly Subscription[];
  /** The event whose listeners are running at this moment. */
  current: Delivery | undefined;
  core: Core;
  readonly #servers = new Set<AnyServer>();
  readonly #clients = new Map<string, Client>();
  readonly #attempts: Attempts;
  readonly #arrivals: Arrivals;
  #running: Promise<void> | undefined;
  #unlisten: (() => void) | undefined;

  constructor(settings: Settings, namespaces: string[] | undefined) {
    this.settings = settings;
    this.log = settings.logger;
    this.subscriptions = subscriptions(namespaces);
    this.out = new Outgoing(this);
    this.core = new Core(settings, this);
    this.#attempts = new Attempts(this);
    this.#arrivals = new Arrivals(this, this.#attempts);
  }

  /** Begins to serve; the first server attaches this process. */
  add(server: AnyServer): void {
    if (this.core.closing) this.core = new Core(this.settings, this); // it was closed, and is used again
    this.#servers.add(server);
    if (this.#running !== undefined) return;
    if (this.settings.signals) this.#unlisten = onSigterm(() => this.#drain());
    const core = this.core;
    // In the next turn: what is registered in this one is there for the first browser.
    this.#running = new Promise<void>((resolve) => setImmediate(resolve)).then(() => (core.closing ? undefined : core.run()));
    this.#running.then(
      () => this.#ended(),
      (error) => {
        this.#ended();
        process.nextTick(() => {
          throw error; // the process can serve nobody
        });
      },
    );
  }

  /** The server is closed; with the last one this process leaves the hubs, and its sockets go to other processes. */
  async remove(server: AnyServer): Promise<void> {
    this.#servers.delete(server);
    if (this.#servers.size === 0 && this.#running !== undefined) await this.#drain();
  }

  async #drain(): Promise<void> {
    const running = this.#running;
    await this.core.close();
    await running?.catch(() => {});
  }

  #ended(): void {
    this.#running = undefined;
    this.#unlisten?.();
    this.#unlisten = undefined;
    for (const client of [...this.#clients.values()]) {
      for (const socket of [...client.sockets.values()]) guarded(() => socket._released("CLOSED"));
      client._closed("transport close");
    }
  }

  /** The server that a browser means, by the path of its first request. */
  server(handshake: HandshakeMessage | undefined): AnyServer | undefined {
    const [first, ...others] = this.#servers;
    if (others.length === 0) return first;
    const path = (handshake?.url ?? "").split("?")[0]?.replace(/\/$/, "");
    return [...this.#servers].find((server) => server.path() === path) ?? first;
  }

  /** The client of a socket, made when it is the browser's first one here. */
  client(server: AnyServer, delivery: Delivery, handshake: HandshakeMessage | undefined): Client {
    const socket = delivery.socket;
    const key = `${socket.hubId} ${socket.clientId}`;
    const known = this.#clients.get(key);
    if (known !== undefined) return known;
    const client: Client = new Client(server, socket.clientId, handshake, socket.transport, () => {
      if (this.#clients.get(key) === client) this.#clients.delete(key);
      server.engine._forget(client);
    });
    this.#clients.set(key, client);
    server.engine._meet(client);
    return client;
  }

  deliver(delivery: Delivery): void {
    switch (delivery.message.body?.$case) {
      case "event":
        return this.#event(delivery);
      case "connectAttempt":
        return this.#attempts.take(delivery);
      case "connected":
        return this.#arrivals.take(delivery);
      case "disconnected":
        return this.#disconnected(delivery);
      case "serviceCall":
        return this.#call(delivery);
      default:
        delivery.nack("not known to this version of the kit", {}, 12);
        delivery.end();
    }
  }

  #event(delivery: Delivery): void {
    const member = delivery.member;
    const value = member?.value;
    if (value instanceof Socket && value.connected) {
      if (member !== undefined && member.dataVersion !== value._data.version) value._data.take(member);
      value._deliver(delivery);
    } else if (!this.#arrivals.hold(member, delivery)) {
      delivery.done(); // its socket has gone
      delivery.end();
    }
  }

  #disconnected(delivery: Delivery): void {
    const member = delivery.member;
    if (this.#arrivals.hold(member, delivery)) return;
    const body = delivery.message.body;
    const promises: Promise<unknown>[] = [];
    if (member !== undefined && body?.$case === "disconnected") {
      const { reason, detail } = body.disconnected;
      delivery.attachment.peer.forget(member);
      if (!member.gone && member.value instanceof Socket) {
        member.gone = true;
        if (body.disconnected.recoverableUntil !== undefined) this.#attempts.remember(member.value);
        promises.push(...member.value._onclose(reason as DisconnectReason, detail || undefined));
        member.value.client._check(reason as DisconnectReason);
      }
    }
    settleAfter(delivery, promises, false);
  }

  /** Deals with what has waited for a socket. */
  again(delivery: Delivery): void {
    if (delivery.lost === undefined) this.deliver(delivery);
  }

  #call(delivery: Delivery): void {
    const body = delivery.message.body;
    if (body?.$case !== "serviceCall") return;
    const { namespace, name, payload, wantsAnswer } = body.serviceCall;
    const args: unknown[] = [name, ...decodeArgs(payload)];
    let promises: Promise<unknown>[] | undefined;
    let heard = false;
    const answer = (...values: unknown[]): void => {
      try {
        delivery.reply(encodeArgs(values));
      } catch (error) {
        delivery.nack(String(error));
        throw error;
      } finally {
        delivery.end();
      }
    };
    if (wantsAnswer) args.push(answer);
    for (const server of this.#servers) {
      const nsp = server._nsps.get(namespace);
      if (nsp === undefined) continue;
      heard ||= nsp.listenerCount(name) > 0;
      promises = [...(promises ?? []), ...(nsp._onServerSideEmit(args as [string, ...unknown[]]) ?? [])];
    }
    if (!wantsAnswer || !heard) settleAfter(delivery, promises, false);
  }

  revoked(delivery: Delivery): void {
    if (delivery.message.body?.$case === "serviceCall") delivery.end(); // nobody waits for its answer any more
    this.#attempts.revoked(delivery);
  }

  failed(delivery: Delivery): void {
    this.#attempts.revoked(delivery);
  }

  gone(member: Member, detail: string): void {
    const socket = member.value;
    if (!(socket instanceof Socket)) return;
    const text = detail === "" ? "hub lost" : `hub lost: ${detail}`;
    process.nextTick(() => {
      socket._onclose("transport error", text);
      socket.client._check("transport error", text);
    });
  }

  released(member: Member, reason: string): void {
    if (member.value instanceof Socket) member.value._released(reason);
    else member.gone = true; // it was on its way
  }

  refused(seq: number): void {
    this.#attempts.refused(seq);
  }

  rooms(member: Member, change: RoomsChanged): void {
    if (member.value instanceof Socket) mirrorRooms(member.value, change);
  }

  upgraded(member: Member | undefined, upgraded: Upgraded): void {
    if (member !== undefined) member.socket.transport = upgraded.transport;
    if (member?.value instanceof Socket) member.value.conn._upgrade(upgraded.transport);
  }

  detached(hub: string, error: HubError | undefined): void {
    this.log.debug("a stream has ended", { hub, ...(error && { err: error }) });
  }
}
