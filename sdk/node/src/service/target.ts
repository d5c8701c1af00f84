import { commandError } from "../core/capability.js";
import type { Order } from "../core/command.js";
import { InvalidError } from "../core/errors.js";
import { duration } from "../core/hello.js";
import type { Way } from "../core/line.js";
import { checkEvent, checkRooms } from "../core/names.js";
import { AckMode, type Command, type Result, Target as TargetMessage } from "../pb/index.js";
import { type Acks, ackOf, acksOf, infoOf, type Outcome, outcome, type SocketInfo } from "./answers.js";
import { placed } from "./context.js";
import { TimeoutError } from "./errors.js";
import { request } from "./request.js";
import { encodeList, encodeValue } from "./values.js";

type Op = Command["op"];

export interface EmitOptions {
  volatile?: boolean;
  compress?: boolean;
  /** Only at the hub that carries it out. */
  local?: boolean;
}

/** Sockets of a namespace, and what can be done with them. Its methods give other targets; it never changes itself. */
export class Target {
  /** @internal */
  protected readonly _line: () => Way;
  /** @internal */
  protected readonly _target: Partial<TargetMessage>;
  readonly #at: string | undefined;
  readonly #key: string | undefined;
  readonly #options: EmitOptions;

  /** @internal */
  constructor(line: () => Way, target: Partial<TargetMessage>, at?: string, key?: string, options: EmitOptions = {}) {
    this._line = line;
    this._target = target;
    this.#at = at;
    this.#key = key;
    this.#options = options;
  }

  #with(more: Partial<TargetMessage>): Target {
    const merged: Record<string, unknown> = { ...this._target };
    for (const [name, value] of Object.entries(more)) {
      const before = merged[name];
      merged[name] = Array.isArray(before) ? [...before, ...(value as string[])] : value;
    }
    return new Target(this._line, merged as Partial<TargetMessage>, undefined, this.#key, this.#options);
  }

  /** The members of rooms too. */
  to(...rooms: string[]): Target {
    return this.#with({ rooms });
  }

  /** The sockets of users too. */
  users(...users: string[]): Target {
    return this.#with({ users });
  }

  /** These sockets too. */
  sockets(...sockets: string[]): Target {
    return this.#with({ sockets });
  }

  /** Everybody in the namespace. */
  all(): Target {
    return this.#with({ all: true });
  }

  except(...exceptRooms: string[]): Target {
    return this.#with({ exceptRooms });
  }

  exceptUsers(...exceptUsers: string[]): Target {
    return this.#with({ exceptUsers });
  }

  exceptSockets(...exceptSockets: string[]): Target {
    return this.#with({ exceptSockets });
  }

  /** Makes the next command safe to repeat: it is carried out once under this key. */
  idempotent(key: string): Target {
    return new Target(this._line, this._target, this.#at, key, this.#options);
  }

  /** How the next emit is carried out. */
  emitting(options: EmitOptions): Target {
    return new Target(this._line, this._target, this.#at, this.#key, { ...this.#options, ...options });
  }

  /** Dropped for a browser for which something else waits to be written. */
  get volatile(): Target {
    return this.emitting({ volatile: true });
  }

  /** Emits. What is queued leaves together and in order; a refusal goes to the log. */
  emit(event: string, ...args: unknown[]): void {
    this._line().tell(placed(this.#order(this.#emit(event, args))));
  }

  /** Emits, and waits for what the hub says. */
  async emitResult(event: string, ...args: unknown[]): Promise<Outcome> {
    return outcome(await this.#request(this.#emit(event, args)));
  }

  /** Emits, and waits for all acknowledgements: `timeout` in milliseconds, at most five minutes. */
  async emitWithAck(timeout: number, event: string, ...args: unknown[]): Promise<Acks> {
    return this.emitEach(timeout, event, args);
  }

  /** emitWithAck that tells of each acknowledgement as it comes. */
  emitEach(
    timeout: number,
    event: string,
    args: unknown[] = [],
    each?: (socketId: string, args: unknown[]) => void,
  ): Promise<Acks> {
    if (!(timeout > 0 && timeout <= 300_000)) throw new InvalidError("BAD_TIMEOUT", "emit.ack.timeout", "1 ms to 5 minutes");
    const op = this.#emit(event, args);
    op.emit.ack = { timeout: duration(timeout), mode: each === undefined ? AckMode.ACK_MODE_TOTAL : AckMode.ACK_MODE_EACH };
    return new Promise((resolve, reject) => {
      this._line().ask(placed(this.#order(op)), {
        ...(each && {
          part: (result: Result) => {
            const ack = ackOf(result);
            if (ack !== undefined) each(ack.socketId, ack.args);
          },
        }),
        done: (last, parts) => {
          const acks = acksOf(last, parts);
          const error = commandError(last);
          if (error === undefined) resolve(acks);
          else if (error.code === "DEADLINE_EXCEEDED") reject(new TimeoutError(error.reason, acks));
          else reject(Object.assign(error, { result: acks }));
        },
        lost: reject,
      });
    });
  }

  async join(...rooms: string[]): Promise<Outcome> {
    checkRooms(rooms, "update_rooms.join");
    return outcome(
      await this.#request({ $case: "updateRooms", updateRooms: { target: this.#message(), join: rooms, leave: [] } }),
    );
  }

  async leave(...rooms: string[]): Promise<Outcome> {
    checkRooms(rooms, "update_rooms.leave");
    return outcome(
      await this.#request({ $case: "updateRooms", updateRooms: { target: this.#message(), join: [], leave: rooms } }),
    );
  }

  /** Makes the sockets leave the namespace; `close` ends their browsers' connections. */
  async disconnect(close = false): Promise<Outcome> {
    return outcome(await this.#request({ $case: "disconnect", disconnect: { target: this.#message(), closeTransport: close } }));
  }

  /** Changes `socket.data`: replaces it, or applies a JSON merge patch. */
  async setData(data: unknown, options: { merge?: boolean; expectedVersion?: number } = {}): Promise<Outcome> {
    const setData = {
      target: this.#message(),
      data: encodeValue(data, "set_data.data"),
      expectedVersion: options.expectedVersion,
      merge: options.merge ?? false,
    };
    return outcome(await this.#request({ $case: "setData", setData }));
  }

  /** The sockets as they are after everything that was said before. */
  async fetchSockets(options: { handshake?: boolean } = {}): Promise<{ sockets: SocketInfo[]; missing: string[] }> {
    const pages: Result[] = [];
    const fetch = { target: this.#message(), pageSize: 1000, includeHandshake: options.handshake ?? false };
    const last = await this.#request({ $case: "fetch", fetch }, pages);
    return { sockets: [...pages, last].flatMap((page) => page.sockets.map(infoOf)), missing: last.missingHubIds };
  }

  async count(): Promise<{ count: number; missing: string[] }> {
    const last = await this.#request({ $case: "count", count: { target: this.#message() } });
    return { count: last.count, missing: last.missingHubIds };
  }

  #emit(event: string, args: unknown[]): NonNullable<Op> & { $case: "emit" } {
    return {
      $case: "emit",
      emit: {
        target: this.#message(),
        event: checkEvent(event),
        payload: encodeList(args),
        volatile: this.#options.volatile ?? false,
        noCompress: this.#options.compress === false,
        ack: undefined,
        local: this.#options.local ?? false,
      },
    };
  }

  #message(): TargetMessage {
    const target = this._target;
    const names = (target.sockets?.length ?? 0) + (target.rooms?.length ?? 0) + (target.users?.length ?? 0);
    if (!target.all && names === 0) throw new InvalidError("EMPTY_TARGET", "target", "the target names nobody");
    return TargetMessage.fromPartial(target);
  }

  #order(op: Op): Order {
    return { op, at: this.#at ?? this.#hub(), key: this.#key };
  }

  /** The hub that holds all sockets that are meant, where it is one and known. */
  #hub(): string | undefined {
    const { sockets = [], rooms = [], users = [], all } = this._target;
    if (all || sockets.length === 0 || rooms.length + users.length > 0) return undefined;
    const hubs = new Set(sockets.map((id) => this._line().holder(id)));
    return hubs.size === 1 ? [...hubs][0] : undefined;
  }

  /** The last result. Its own error is thrown where the command failed as a whole. */
  async #request(op: Op, pages: Result[] = []): Promise<Result> {
    return request(this._line(), this.#order(op), pages);
  }
}
