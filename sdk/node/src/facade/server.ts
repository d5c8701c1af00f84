import { EventEmitter } from "node:events";
import { settle } from "../core/settings.js";
import { Bridge } from "./bridge.js";
import { BroadcastOperator, type RemoteSocket } from "./broadcast-operator.js";
import { StrictEventEmitter } from "./emitter.js";
import { Engine } from "./engine.js";
import { answerBrowsers, listenOn, type TServerInstance } from "./http.js";
import { type Middleware, Namespace } from "./namespace.js";
import { atTheHub, type ServerOptions } from "./options.js";
import { ParentNamespace } from "./parent-namespace.js";
import type { Room, ServerReservedEventsMap, SocketId } from "./reserved.js";
import type { Socket } from "./socket.js";
import type {
  AllButLast,
  DecorateAcknowledgementsWithTimeoutAndMultipleResponses,
  DefaultEventsMap,
  EventNames,
  EventNamesWithAck,
  EventParams,
  EventsMap,
  FirstNonErrorArg,
  Last,
  RemoveAcknowledgements,
} from "./types.js";

/** Decides whether a namespace exists. */
export type ParentNspNameMatchFn = (
  name: string,
  // biome-ignore lint/suspicious/noExplicitAny: what the client sent
  auth: { [key: string]: any },
  fn: (err: Error | null, success: boolean) => void,
) => void;

/** Servers of this process that say the same about their hubs share one attachment: by what carries it, and by what they say. */
const bridges = new WeakMap<object, Map<string, Bridge>>();
const network = {};

function bridgeFor(hub: NonNullable<Partial<ServerOptions>["hub"]>): Bridge {
  const { namespaces, ...given } = hub;
  const options = { keepSockets: true, ...given };
  const named = options.instanceId !== undefined || options.logger !== undefined || typeof options.token === "function";
  if (named) return new Bridge(settle(options), namespaces);
  const carrier = typeof options.transport === "object" ? options.transport : network;
  const key = JSON.stringify([hub, process.env.HUB_ADDRESS, process.env.HUB_GROUP]);
  const shared = bridges.get(carrier) ?? new Map<string, Bridge>();
  const bridge = shared.get(key) ?? new Bridge(settle(options), namespaces);
  bridges.set(carrier, shared.set(key, bridge));
  return bridge;
}

/**
 * A Socket.IO server whose browsers are connected to a hub: it has the surface of the reference's, and its process may be
 * restarted, killed and multiplied without a browser noticing.
 */
export class Server<
  ListenEvents extends EventsMap = DefaultEventsMap,
  EmitEvents extends EventsMap = ListenEvents,
  ServerSideEvents extends EventsMap = DefaultEventsMap,
  // biome-ignore lint/suspicious/noExplicitAny: as the reference has it
  SocketData = any,
> extends StrictEventEmitter<
  ServerSideEvents,
  RemoveAcknowledgements<EmitEvents>,
  ServerReservedEventsMap<ListenEvents, EmitEvents, ServerSideEvents, SocketData>
> {
  /** The namespace `/`. */
  readonly sockets: Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>;
  /** What can be seen of the engine, which is the hub. */
  engine: Engine;
  /** The program's own server, if it gave one. */
  httpServer!: TServerInstance;
  /** @internal */
  readonly _bridge: Bridge;
  /** @internal */
  readonly _nsps = new Map<string, Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>>();
  /** @internal */
  readonly opts: Partial<ServerOptions>;
  readonly #parents = new Map<ParentNspNameMatchFn, ParentNamespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>>();
  readonly #patterns = new Map<RegExp, ParentNamespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>>();
  #path = "/socket.io";
  #connectTimeout = 45_000;
  #serveClient = true;
  #adapter: unknown;
  #attached = false;

  constructor(opts?: Partial<ServerOptions>);
  constructor(srv?: TServerInstance | number, opts?: Partial<ServerOptions>);
  constructor(srv: undefined | Partial<ServerOptions> | TServerInstance | number, opts?: Partial<ServerOptions>);
  constructor(srv?: Partial<ServerOptions> | TServerInstance | number, opts: Partial<ServerOptions> = {}) {
    super();
    const given = isServer(srv) || typeof srv === "number" ? srv : undefined;
    this.opts = given === undefined && srv !== null && typeof srv === "object" ? (srv as Partial<ServerOptions>) : opts;
    this._bridge = bridgeFor(this.opts.hub ?? {});
    this.path(this.opts.path ?? "/socket.io");
    this.#connectTimeout = this.opts.connectTimeout ?? 45_000;
    this.#serveClient = this.opts.serveClient !== false;
    this.engine = new Engine(this.opts);
    this.sockets = this.of("/");
    if (this.opts.adapter !== undefined) this.adapter(this.opts.adapter);
    this.#tellOptions(this.opts);
    if (given !== undefined) this.attach(given as TServerInstance | number);
  }

  /** @internal */
  get _opts(): Partial<ServerOptions> {
    return this.opts;
  }

  #tellOptions(opts: object): void {
    const there = atTheHub(opts);
    if (there.length > 0) this._bridge.log.warn(`these options are the hub's, where they have other names: ${there.join(", ")}`);
  }

  /** @internal Finds, or lets a parent make, the namespace that a browser asks for. */
  _find(
    name: string,
    auth: Record<string, unknown>,
    done: (nsp: Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData> | false) => void,
  ): void {
    const known = this._nsps.get(name);
    if (known !== undefined) return done(known);
    const parents = [...this.#parents];
    const step = (i: number): void => {
      const parent = parents[i];
      if (parent === undefined) return done(false);
      parent[0](name, auth, (err, allowed) => {
        if (err || !allowed) return step(i + 1);
        done(this._nsps.get(name) ?? parent[1].createChild(name));
      });
    };
    step(0);
  }

  /** A namespace: by its name, or all whose names a pattern or a function takes. */
  of(
    name: string | RegExp | ParentNspNameMatchFn,
    fn?: (socket: Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>) => void,
  ): Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData> {
    const nsp = typeof name === "string" ? this.#named(name) : this.#parent(name);
    if (fn) nsp.on("connect", fn as never);
    return nsp;
  }

  #named(given: string): Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData> {
    const name = String(given)[0] === "/" ? given : `/${given}`;
    const known = this._nsps.get(name);
    if (known !== undefined) return known;
    for (const [pattern, parent] of this.#patterns) if (pattern.test(name)) return parent.createChild(name);
    const nsp = new Namespace(this, name);
    this._nsps.set(name, nsp);
    if (name !== "/") this.sockets._call("new_namespace", [nsp]);
    return nsp;
  }

  #parent(match: RegExp | ParentNspNameMatchFn): Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData> {
    const parent = new ParentNamespace(this);
    if (typeof match === "function") {
      this.#parents.set(match, parent);
    } else {
      this.#patterns.set(match, parent);
      this.#parents.set((name, _auth, next) => next(null, match.test(name)), parent);
    }
    return parent;
  }

  /** Begins to serve: this process attaches to its hubs. */
  listen(srv?: TServerInstance | number | string, opts: Partial<ServerOptions> = {}): this {
    return this.attach(srv, opts);
  }

  /** Begins to serve: this process attaches to its hubs. Browsers come to the hub, never to the server that is given. */
  attach(srv?: TServerInstance | number | string, opts: Partial<ServerOptions> = {}): this {
    if (typeof srv === "function") {
      throw new Error(
        "You are trying to attach socket.io to an express request handler function. Please pass a http.Server instance.",
      );
    }
    Object.assign(opts, this.opts);
    if (opts.path) this.path(opts.path);
    this.engine.opts.allowRequest ??= opts.allowRequest;
    this.#tellOptions(opts);
    if (srv !== undefined) {
      const port = isServer(srv) ? undefined : Number(srv);
      this.httpServer = port === undefined ? (srv as TServerInstance) : listenOn(port, this._bridge.log);
      answerBrowsers(this.httpServer, () => this.#path, this._bridge.log);
    }
    return this.bind();
  }

  /** As `attach`: there is no uWebSockets.js server to serve browsers from. */
  attachApp(_app?: unknown, opts: Partial<ServerOptions> = {}): this {
    return this.attach(undefined, opts);
  }

  /** Begins to serve. Another engine has no use: the hub is the engine. */
  bind(_engine?: unknown): this {
    this.#attached = true;
    this._bridge.add(this);
    return this;
  }

  /** Leaves: browsers stay connected to the hub, and go to other processes or wait for one. */
  async close(fn?: (err?: Error) => void): Promise<void> {
    const left = this.#attached ? this._bridge.remove(this) : Promise.resolve();
    this.#attached = false;
    const http = this.httpServer;
    const closed =
      http === undefined
        ? Promise.resolve(undefined)
        : new Promise<Error | undefined>((resolve) => http.close((err?: Error) => resolve(err)));
    const [error] = await Promise.all([closed, left]);
    fn?.(error);
  }

  path(v: string): this;
  path(): string;
  path(v?: string): this | string {
    if (v === undefined) return this.#path;
    this.#path = v.replace(/\/$/, "");
    return this;
  }

  /** Kept for who asks: the client files are the hub's. */
  serveClient(v: boolean): this;
  serveClient(): boolean;
  serveClient(v?: boolean): this | boolean {
    if (v === undefined) return this.#serveClient;
    this.#serveClient = v;
    return this;
  }

  /** Kept for who asks: the hub has `connect_timeout`. */
  connectTimeout(v: number): this;
  connectTimeout(): number;
  connectTimeout(v?: number): this | number {
    if (v === undefined) return this.#connectTimeout;
    this.#connectTimeout = v;
    return this;
  }

  /**
   * Taken and ignored, once with a word: what crosses processes is the hub's. Of a class that answers questions itself
   * (`fetchSockets` and its like) these methods are used.
   */
  adapter(): unknown;
  adapter(v: unknown): this;
  adapter(...given: unknown[]): unknown {
    if (given.length === 0) return this.#adapter;
    this.#adapter = given[0];
    for (const nsp of this._nsps.values()) nsp._initAdapter();
    this._bridge.log.info("io.adapter() has no effect behind a hub, which connects the processes itself");
    return this;
  }

  use(fn: Middleware<ListenEvents, EmitEvents, ServerSideEvents, SocketData>): this {
    this.sockets.use(fn);
    return this;
  }

  to(room: Room | Room[]) {
    return this.sockets.to(room);
  }

  in(room: Room | Room[]) {
    return this.sockets.in(room);
  }

  except(room: Room | Room[]) {
    return this.sockets.except(room);
  }

  send(...args: EventParams<EmitEvents, "message">): this {
    this.sockets.send(...args);
    return this;
  }

  write(...args: EventParams<EmitEvents, "message">): this {
    return this.send(...args);
  }

  serverSideEmit<Ev extends EventNames<ServerSideEvents>>(
    ev: Ev,
    ...args: EventParams<DecorateAcknowledgementsWithTimeoutAndMultipleResponses<ServerSideEvents>, Ev>
  ): boolean {
    return this.sockets.serverSideEmit(ev, ...args);
  }

  serverSideEmitWithAck<Ev extends EventNamesWithAck<ServerSideEvents>>(
    ev: Ev,
    ...args: AllButLast<EventParams<ServerSideEvents, Ev>>
  ): Promise<FirstNonErrorArg<Last<EventParams<ServerSideEvents, Ev>>>[]> {
    return this.sockets.serverSideEmitWithAck(ev, ...args);
  }

  /** @deprecated `fetchSockets` says more. */
  allSockets(): Promise<Set<SocketId>> {
    return this.sockets.allSockets();
  }

  compress(compress: boolean) {
    return this.sockets.compress(compress);
  }

  get volatile() {
    return this.sockets.volatile;
  }

  get local() {
    return this.sockets.local;
  }

  timeout(timeout: number) {
    return this.sockets.timeout(timeout);
  }

  fetchSockets(): Promise<RemoteSocket<EmitEvents, SocketData>[]> {
    return this.sockets.fetchSockets();
  }

  socketsJoin(room: Room | Room[]): void {
    this.sockets.socketsJoin(room);
  }

  socketsLeave(room: Room | Room[]): void {
    this.sockets.socketsLeave(room);
  }

  disconnectSockets(close = false): void {
    this.sockets.disconnectSockets(close);
  }
}

function isServer(value: unknown): boolean {
  return value !== null && typeof value === "object" && typeof (value as { listen?: unknown }).listen === "function";
}

// `io.on` and its sisters are those of the namespace `/`.
for (const [name, method] of Object.entries(EventEmitter.prototype)) {
  if (typeof method !== "function") continue;
  Object.defineProperty(Server.prototype, name, {
    configurable: true,
    writable: true,
    value: function (this: Server, ...args: unknown[]): unknown {
      const { sockets } = this;
      const result: unknown = Reflect.apply(
        (sockets as unknown as Record<string, () => unknown>)[name] as () => unknown,
        sockets,
        args,
      );
      return result === sockets ? this : result;
    },
  });
}

export { BroadcastOperator };
