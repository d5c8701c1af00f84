import type { Program } from "../core/core.js";
import type { Delivery } from "../core/delivery.js";
import type { Member, Peer } from "../core/peer.js";
import type { Settings } from "../core/settings.js";
import type { Notice, Observation, RoomsChanged, Subscription, Upgraded } from "../pb/index.js";
import { Namespace } from "./namespace.js";
import type { Notices } from "./notices.js";
import type { Observer } from "./observation.js";
import { Registry } from "./registry.js";
import { Socket } from "./socket.js";
import { ghost } from "./telling.js";
import { DeliveryWork } from "./work.js";

const DEFAULT_OBSERVATIONS = 1024;

/** Leads what the hubs hand over to the handlers of a service. */
export class ServiceProgram implements Program {
  readonly #settings: Settings;
  readonly #registry: Registry;
  readonly #notices: Notices;
  readonly #elsewhere: Namespace;
  readonly #work = new WeakMap<Delivery, DeliveryWork>();
  readonly #introduced: ((hubId: string) => unknown) | undefined;

  /** `elsewhere` makes sockets that are no namespace's of the service. */
  constructor(
    settings: Settings,
    namespaces: Iterable<Namespace>,
    observers: readonly Observer[],
    notices: Notices,
    elsewhere: Namespace,
    introduced: ((hubId: string) => unknown) | undefined,
  ) {
    this.#settings = settings;
    this.#registry = new Registry(namespaces, observers);
    this.#notices = notices;
    this.#elsewhere = elsewhere;
    this.#introduced = introduced;
  }

  get subscriptions(): readonly Subscription[] {
    return this.#registry.subscriptions;
  }

  deliver(delivery: Delivery): void {
    const asked = this.#registry.find(delivery.message.subscriptionId);
    const work = asked?.namespace && new DeliveryWork(delivery, asked.namespace, asked.entry, this.#settings.logger);
    const interested = work?.interested;
    if (work !== undefined && delivery.member !== undefined) delivery.member.value = asked?.namespace;
    if (work !== undefined && interested === true) {
      this.#work.set(delivery, work);
      return this.#notices.lanes.add(work);
    }
    if (interested === false) {
      this.#unheard(delivery);
    } else {
      this.#settings.logger.warn("a delivery without a handler", {
        namespace: delivery.message.socket?.namespace,
        delivery: delivery.message.body?.$case,
      });
      delivery.nack("no handler", {}, 12);
    }
    delivery.end();
  }

  /** A connected or disconnected that the program does not want to hear of. */
  #unheard(delivery: Delivery): void {
    const member = delivery.member;
    if (member !== undefined && delivery.message.body?.$case === "connected") member.told = true;
    else if (member !== undefined) delivery.attachment.peer.forget(member);
    delivery.done();
  }

  revoked(delivery: Delivery): void {
    const work = this.#work.get(delivery);
    if (work !== undefined && this.#notices.lanes.remove(work)) queueMicrotask(() => delivery.end());
  }

  gone(member: Member, detail: string): void {
    const namespace = member.value;
    const handler = namespace instanceof Namespace ? namespace.handlers.disconnect : undefined;
    if (handler === undefined) return;
    this.#notices.tell(member.id, () => handler(ghost(namespace as Namespace, member, detail)), true);
  }

  released(member: Member, reason: string): void {
    this.#tell(member, "released", (handler, socket) => handler(socket, reason), true);
  }

  rooms(member: Member, { joined, left }: RoomsChanged): void {
    this.#tell(member, "rooms", (handler, socket) => handler({ socket, joined, left }));
  }

  upgraded(member: Member | undefined, { transport }: Upgraded): void {
    if (member !== undefined) this.#tell(member, "upgraded", (handler, socket) => handler(socket, transport));
  }

  #tell<K extends "released" | "rooms" | "upgraded">(
    member: Member,
    which: K,
    run: (handler: NonNullable<Namespace["handlers"][K]>, socket: Socket) => unknown,
    kept = false,
  ): void {
    const namespace = member.value;
    if (!(namespace instanceof Namespace)) return;
    const handler = namespace.handlers[which];
    if (handler === undefined) return;
    this.#notices.tell(member.id, () => run(handler, new Socket(namespace, member.socket, member)), kept);
  }

  notice(peer: Peer, notice: Notice): boolean {
    return this.#notices.notice(peer, notice);
  }

  introduced(hubId: string): void {
    const handler = this.#introduced;
    if (handler !== undefined) this.#notices.tell("\0introduced", () => handler(hubId), true);
  }

  observe(observation: Observation): void {
    const observer = this.#registry.find(observation.subscriptionId)?.observer;
    if (observer === undefined) return;
    const most = this.#settings.observations || DEFAULT_OBSERVATIONS;
    this.#notices.observe(observer, observation, most, this.#elsewhere);
  }
}
