import type { AnyListener } from "./any.js";
import { StrictEventEmitter } from "./emitter.js";
import type { EventsMap } from "./types.js";

/** A StrictEventEmitter whose events, those that come and those that are sent, can be listened to all together. */
export abstract class AnyEventEmitter<
  Listen extends EventsMap,
  Emit extends EventsMap,
  Reserved extends EventsMap,
> extends StrictEventEmitter<Listen, Emit, Reserved> {
  /** @internal */
  _anyListeners?: AnyListener[];
  /** @internal */
  _anyOutgoingListeners?: AnyListener[];

  /** @internal Somebody listens to what is sent. */
  abstract _watchOutgoing(): void;

  onAny(listener: AnyListener): this {
    this._anyListeners = [...(this._anyListeners ?? []), listener];
    return this;
  }

  prependAny(listener: AnyListener): this {
    this._anyListeners = [listener, ...(this._anyListeners ?? [])];
    return this;
  }

  offAny(listener?: AnyListener): this {
    if (this._anyListeners) this._anyListeners = without(this._anyListeners, listener);
    return this;
  }

  listenersAny(): AnyListener[] {
    return this._anyListeners ?? [];
  }

  onAnyOutgoing(listener: AnyListener): this {
    this._watchOutgoing();
    this._anyOutgoingListeners = [...(this._anyOutgoingListeners ?? []), listener];
    return this;
  }

  prependAnyOutgoing(listener: AnyListener): this {
    this._watchOutgoing();
    this._anyOutgoingListeners = [listener, ...(this._anyOutgoingListeners ?? [])];
    return this;
  }

  offAnyOutgoing(listener?: AnyListener): this {
    if (this._anyOutgoingListeners) this._anyOutgoingListeners = without(this._anyOutgoingListeners, listener);
    return this;
  }

  listenersAnyOutgoing(): AnyListener[] {
    return this._anyOutgoingListeners ?? [];
  }

  /** @internal */
  _notifyOutgoing(data: unknown[]): void {
    for (const listener of this._anyOutgoingListeners ?? []) Reflect.apply(listener, this, data);
  }
}

function without(listeners: AnyListener[], listener: AnyListener | undefined): AnyListener[] {
  if (listener === undefined) return [];
  const at = listeners.indexOf(listener);
  return at < 0 ? listeners : [...listeners.slice(0, at), ...listeners.slice(at + 1)];
}
