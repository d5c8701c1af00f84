import type { Bridge } from "./bridge.js";
import { Engine } from "./engine.js";
import { answerBrowsers, listenOn, type TServerInstance } from "./http.js";
import { MainNamespace } from "./main-namespace.js";
import type { Namespace } from "./namespace.js";
import { Namespaces, type ParentNspNameMatchFn } from "./namespaces.js";
import { atTheHub, type ServerOptions } from "./options.js";
import { bridgeFor } from "./sharing.js";
import type { Socket } from "./socket.js";
import type { DefaultEventsMap, EventsMap } from "./types.js";

export type { ParentNspNameMatchFn };

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
> extends MainNamespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData> {
  /** The namespace `/`. */
  readonly sockets: Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>;
  /** What can be seen of the engine, which is the hub. */
  engine: Engine;
  /** The program's own server, if it gave one. */
  httpServer!: TServerInstance;
  /** @internal */
  readonly _bridge: Bridge;
  readonly #namespaces: Namespaces<ListenEvents, EmitEvents, ServerSideEvents, SocketData>;
  /** @internal */
  readonly opts: Partial<ServerOptions>;
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
    this.#namespaces = new Namespaces(this);
    this.sockets = this.of("/");
    if (this.opts.adapter !== undefined) this.adapter(this.opts.adapter);
    this.#tellOptions(this.opts);
    if (given !== undefined) this.attach(given as TServerInstance | number);
  }

  /** @internal */
  get _opts(): Partial<ServerOptions> {
    return this.opts;
  }

  /** @internal */
  get _nsps(): Map<string, Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>> {
    return this.#namespaces.known;
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
    this.#namespaces.find(name, auth, done);
  }

  /** A namespace: by its name, or all whose names a pattern or a function takes. */
  of(
    name: string | RegExp | ParentNspNameMatchFn,
    fn?: (socket: Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>) => void,
  ): Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData> {
    const nsp = this.#namespaces.of(name);
    if (fn) nsp.on("connect", fn as never);
    return nsp;
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
}

function isServer(value: unknown): boolean {
  return value !== null && typeof value === "object" && typeof (value as { listen?: unknown }).listen === "function";
}
