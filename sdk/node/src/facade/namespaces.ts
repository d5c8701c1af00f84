import { Namespace } from "./namespace.js";
import { once } from "./once.js";
import { ParentNamespace } from "./parent-namespace.js";
import type { Server } from "./server.js";
import type { EventsMap } from "./types.js";

/** Decides whether a namespace exists. */
export type ParentNspNameMatchFn = (
  name: string,
  // biome-ignore lint/suspicious/noExplicitAny: what the client sent
  auth: { [key: string]: any },
  fn: (err: Error | null, success: boolean) => void,
) => void;

/** The namespaces of a server: those that it named, and those that patterns and functions let exist. */
export class Namespaces<L extends EventsMap, E extends EventsMap, S extends EventsMap, D> {
  readonly known = new Map<string, Namespace<L, E, S, D>>();
  readonly #server: Server<L, E, S, D>;
  readonly #parents = new Map<ParentNspNameMatchFn, ParentNamespace<L, E, S, D>>();
  readonly #patterns = new Map<RegExp, ParentNamespace<L, E, S, D>>();

  constructor(server: Server<L, E, S, D>) {
    this.#server = server;
  }

  /** Finds, or lets a parent make, the namespace that a browser asks for. */
  find(name: string, auth: Record<string, unknown>, done: (nsp: Namespace<L, E, S, D> | false) => void): void {
    const known = this.known.get(name);
    if (known !== undefined) return done(known);
    const parents = [...this.#parents];
    const step = (i: number): void => {
      const parent = parents[i];
      if (parent === undefined) return done(false);
      parent[0](
        name,
        auth,
        once((err, allowed) => {
          if (err || !allowed) return step(i + 1);
          done(this.known.get(name) ?? parent[1].createChild(name));
        }),
      );
    };
    step(0);
  }

  of(name: string | RegExp | ParentNspNameMatchFn): Namespace<L, E, S, D> {
    return typeof name === "string" ? this.#named(name) : this.#parent(name);
  }

  #named(given: string): Namespace<L, E, S, D> {
    const name = String(given)[0] === "/" ? given : `/${given}`;
    const known = this.known.get(name);
    if (known !== undefined) return known;
    for (const [pattern, parent] of this.#patterns) if (pattern.test(name)) return parent.createChild(name);
    const nsp = new Namespace(this.#server, name);
    this.known.set(name, nsp);
    if (name !== "/") this.#server.sockets._call("new_namespace", [nsp]);
    return nsp;
  }

  #parent(match: RegExp | ParentNspNameMatchFn): Namespace<L, E, S, D> {
    const parent = new ParentNamespace(this.#server);
    if (typeof match === "function") {
      this.#parents.set(match, parent);
    } else {
      this.#patterns.set(match, parent);
      this.#parents.set((name, _auth, next) => next(null, match.test(name)), parent);
    }
    return parent;
  }
}
