import { ConfigError } from "../core/errors.js";
import { duration } from "../core/hello.js";
import { Guarantee, Introduction, Kind, Ordering, Overflow, Role, SocketData, Subscription } from "../pb/index.js";
import { type EventEntry, HANDSHAKES, MAX_PATTERNS, type Namespace, type NamespaceOptions } from "./namespace.js";
import type { Observer } from "./observation.js";

/** What a subscription id stands for. */
export interface Asked {
  namespace: Namespace | undefined;
  observer: Observer | undefined;
  /** The handler of all events of the subscription; undefined where each name has its own. */
  entry: EventEntry | undefined;
}

const INTRODUCTIONS = {
  onConnect: Introduction.INTRODUCTION_ON_CONNECT,
  onEvent: Introduction.INTRODUCTION_ON_EVENT,
  onAttach: Introduction.INTRODUCTION_ON_ATTACH,
  onInstance: Introduction.INTRODUCTION_ON_INSTANCE,
};
const OVERFLOWS = {
  pause: Overflow.OVERFLOW_PAUSE,
  reject: Overflow.OVERFLOW_REJECT,
  dropOldest: Overflow.OVERFLOW_DROP_OLDEST,
  disconnect: Overflow.OVERFLOW_DISCONNECT,
};

/** Makes the subscriptions of a program, whose ids lead back to its handlers. */
export class Registry {
  readonly subscriptions: Subscription[] = [];
  readonly #asked: Asked[] = [];

  constructor(namespaces: Iterable<Namespace>, observers: readonly Observer[]) {
    for (const namespace of namespaces) this.#subscribe(namespace);
    for (const observer of observers) this.#add(observer.subscription, { observer });
  }

  find(id: number): Asked | undefined {
    return this.#asked[id - 1];
  }

  #add(subscription: Partial<Subscription>, asked: Partial<Asked>): void {
    this.#asked.push({ namespace: undefined, observer: undefined, entry: undefined, ...asked });
    this.subscriptions.push(Subscription.fromPartial({ ...subscription, id: this.#asked.length }));
  }

  #subscribe(namespace: Namespace): void {
    const { name, decision, options, handlers } = namespace;
    if (decision === undefined) {
      throw new ConfigError(`namespace ${name}`, "nobody decides who gets in: onConnect, allowAnyone or authorizedElsewhere");
    }
    if (decision !== "elsewhere") {
      const settleTimeout = options.decisionTimeout ? duration(options.decisionTimeout) : undefined;
      this.#add({ role: Role.ROLE_AUTHORIZER, namespace: name, settleTimeout }, { namespace });
    }
    let kinds = kindsOf(namespace);
    const rooms = [...new Set(handlers.occupancy.flatMap(({ patterns }) => patterns))];
    if (rooms.length > MAX_PATTERNS) {
      throw new ConfigError(`namespace ${name}`, `rooms have ${MAX_PATTERNS} patterns at most`);
    }
    const handle = (events: string[], atMostOnce: boolean, entry: EventEntry | undefined): void => {
      this.#add({ ...handler(namespace, atMostOnce), events, kinds: [...kinds, Kind.KIND_EVENT], rooms }, { namespace, entry });
      kinds = [];
      rooms.length = 0;
    };
    for (const atMostOnce of [false, true]) {
      const names = [...handlers.exact.values()]
        .filter((entry) => (entry.atMostOnce ?? false) === atMostOnce)
        .map((entry) => entry.pattern)
        .sort();
      for (let i = 0; i < names.length; i += MAX_PATTERNS) handle(names.slice(i, i + MAX_PATTERNS), atMostOnce, undefined);
    }
    for (const entry of handlers.prefixes) handle(entry.pattern === "*" ? [] : [entry.pattern], entry.atMostOnce ?? false, entry);
    if (kinds.length > 0) this.#add({ ...handler(namespace, false), kinds, rooms }, { namespace });
  }
}

function tracksRooms({ options, handlers }: Namespace): boolean {
  return options.trackRooms === true || handlers.rooms !== undefined;
}

/** When `connected` comes, as far as the program has said it. */
export function introductionOf(namespace: Namespace): NonNullable<NamespaceOptions["introduction"]> {
  return namespace.options.introduction ?? (tracksRooms(namespace) ? "onInstance" : "onConnect");
}

/** Whether this process has to know each socket that it holds: the end of those is told whose hub is lost. */
function follows(namespace: Namespace): boolean {
  const { handlers } = namespace;
  // Data comes with a change alone where sockets are introduced to each instance: it has to know them.
  const knows = handlers.released !== undefined || introductionOf(namespace) === "onInstance";
  return knows || tracksRooms(namespace) || handlers.disconnect !== undefined;
}

function kindsOf(namespace: Namespace): Kind[] {
  const { handlers } = namespace;
  const kinds: Kind[] = [];
  if (handlers.connected !== undefined || follows(namespace)) kinds.push(Kind.KIND_CONNECTED, Kind.KIND_DISCONNECTED);
  if (tracksRooms(namespace)) kinds.push(Kind.KIND_ROOMS);
  if (handlers.upgraded !== undefined) kinds.push(Kind.KIND_UPGRADED);
  if (handlers.calls.size > 0) kinds.push(Kind.KIND_SERVICE_CALL);
  if (handlers.userPresent !== undefined || handlers.userAbsent !== undefined) kinds.push(Kind.KIND_USERS);
  if (handlers.occupancy.length > 0) kinds.push(Kind.KIND_OCCUPANCY);
  return kinds;
}

function handler(namespace: Namespace, atMostOnce: boolean): Partial<Subscription> {
  const { name, options } = namespace;
  const introduction = introductionOf(namespace);
  return {
    role: Role.ROLE_HANDLER,
    namespace: name,
    guarantee: atMostOnce ? Guarantee.GUARANTEE_AT_MOST_ONCE : Guarantee.GUARANTEE_AT_LEAST_ONCE,
    ordering: options.strict ? Ordering.ORDERING_STRICT : Ordering.ORDERING_PIPELINED,
    introduction: INTRODUCTIONS[introduction],
    introduceMoved: follows(namespace),
    handshake: HANDSHAKES[options.handshake ?? "none"],
    socketData: introduction === "onInstance" ? SocketData.SOCKET_DATA_ON_CHANGE : SocketData.SOCKET_DATA_ALWAYS,
    overflow: OVERFLOWS[options.overflow ?? "pause"],
    settleTimeout: options.settleTimeout ? duration(options.settleTimeout) : undefined,
    disconnectGrace: options.disconnectGrace ? duration(options.disconnectGrace) : undefined,
  };
}
