import { EventEmitter } from "node:events";
import type { EventNames, EventParams, EventsMap, ReservedOrUserEventNames, ReservedOrUserListener } from "./types.js";

/** An EventEmitter whose events are checked: those of `Listen` are listened to, those of `Emit` are emitted. */
export abstract class StrictEventEmitter<
  Listen extends EventsMap,
  Emit extends EventsMap,
  // biome-ignore lint/complexity/noBannedTypes: no reserved events
  Reserved extends EventsMap = {},
> extends EventEmitter {
  override on<Ev extends ReservedOrUserEventNames<Reserved, Listen>>(
    ev: Ev,
    listener: ReservedOrUserListener<Reserved, Listen, Ev>,
  ): this {
    return super.on(ev, listener as () => void);
  }

  override once<Ev extends ReservedOrUserEventNames<Reserved, Listen>>(
    ev: Ev,
    listener: ReservedOrUserListener<Reserved, Listen, Ev>,
  ): this {
    return super.once(ev, listener as () => void);
  }

  override emit<Ev extends EventNames<Emit>>(ev: Ev, ...args: EventParams<Emit, Ev>): boolean {
    return super.emit(ev, ...args);
  }

  override listeners<Ev extends ReservedOrUserEventNames<Reserved, Listen>>(
    event: Ev,
  ): ReservedOrUserListener<Reserved, Listen, Ev>[] {
    return super.listeners(event) as ReservedOrUserListener<Reserved, Listen, Ev>[];
  }

  /** @internal Calls listeners, and gives the promises that they return: what was delivered is settled after them. */
  _call(ev: string | symbol, args: unknown[]): Promise<unknown>[] | undefined {
    const listeners = super.rawListeners(ev);
    let promises: Promise<unknown>[] | undefined;
    for (let i = 0; i < listeners.length; i++) {
      const result: unknown = Reflect.apply(listeners[i] as () => unknown, this, args);
      if (result !== null && typeof result === "object" && typeof (result as Promise<unknown>).then === "function") {
        promises ??= [];
        promises.push(result as Promise<unknown>);
      }
    }
    return promises;
  }
}
