import {
  type Command,
  EmitWithAckRequest,
  EmitWithAckResponse,
  ExecuteRequest,
  ExecuteResponse,
  FetchSocketsRequest,
  FetchSocketsResponse,
  ListRoomsRequest,
  ListRoomsResponse,
  ListUsersRequest,
  ListUsersResponse,
  Result,
} from "../pb/index.js";
import { Backoff } from "./backoff.js";
import { commandError } from "./capability.js";
import { message, type Order } from "./command.js";
import { ClosedError, HubError, OutcomeUnknownError, StatusError, UnavailableError } from "./errors.js";
import type { Way } from "./line.js";
import { Sampled } from "./log.js";
import type { Waiter } from "./results.js";
import type { Settings } from "./settings.js";
import { SingleCalls } from "./single-call.js";
import { WAITING_ITEMS } from "./window.js";

/** Commands of one call, which the hub bounds to 1000. */
const BATCH = 500;
/** What a call may take beyond the time for which browsers are waited for, in milliseconds. */
const PATIENCE = 30_000;

interface Waiting {
  command: Command;
  waiter: Waiter | undefined;
}

/** Commands of one call. */
type Batch = [Waiting, ...Waiting[]];

type Paged = Extract<NonNullable<Command["op"]>, { $case: "fetch" | "listRooms" | "listUsers" }>;

/** The way to a hub without a stream: commands go in batches of single calls, one after the other and in order. */
export class SingleLine implements Way {
  readonly #settings: Settings;
  readonly #calls: SingleCalls;
  readonly #lost = new Sampled();
  readonly #queue: Waiting[] = [];
  /** Commands without an outcome. */
  #open = 0;
  #running: Promise<void> | undefined;
  /** Emits whose acknowledgements are waited for. */
  readonly #beside = new Set<Promise<void>>();
  #closed = false;

  constructor(settings: Settings, addresses: string[]) {
    this.#settings = settings;
    this.#calls = new SingleCalls(settings, addresses);
  }

  holder(): undefined {
    return undefined;
  }

  tell(order: Order): void {
    this.#add(order, undefined);
  }

  ask(order: Order, waiter: Waiter): void {
    this.#add(order, waiter);
  }

  #add(order: Order, waiter: Waiter | undefined): void {
    if (this.#closed) throw new ClosedError();
    if (this.#open >= WAITING_ITEMS) throw new UnavailableError("too many commands wait for a hub");
    this.#open++;
    this.#queue.push({ command: message({ ...order, from: undefined }, 0), waiter });
    // In the next turn: what is said in this one goes together.
    this.#running ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.#run());
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      for (const batch of batches(this.#queue.splice(0))) await this.#send(batch);
    }
    this.#running = undefined;
  }

  /** Sends commands that go together; only what browsers have to acknowledge is not waited for. */
  #send(batch: Batch): Promise<void> {
    const [first] = batch;
    const op = first.command.op;
    if (op?.$case === "emit" && op.emit.ack !== undefined) {
      this.#alone(this.#emit(first));
      return Promise.resolve();
    }
    const pages = op?.$case === "fetch" || op?.$case === "listRooms" || op?.$case === "listUsers";
    return this.#settled(batch, () => (pages ? this.#pages(op, first.waiter) : this.#execute(batch)));
  }

  #alone(task: Promise<void>): void {
    this.#beside.add(task);
    void task.finally(() => this.#beside.delete(task));
  }

  async #emit(waiting: Waiting): Promise<void> {
    await this.#settled([waiting], async () => {
      const { command, waiter } = waiting;
      const parts: Result[] = [];
      let last: Result | undefined;
      const each = (bytes: Buffer): void => {
        const result = EmitWithAckResponse.decode(bytes).result ?? Result.fromPartial({});
        if (result.ack?.$case !== "browserAck") last = result;
        else if (waiter?.part !== undefined) waiter.part(result);
        else parts.push(result);
      };
      const request = EmitWithAckRequest.encode({ command }).finish();
      await this.#calls.call("EmitWithAck", request, PATIENCE + timeoutOf(command), each);
      waiter?.done(last ?? Result.fromPartial({}), parts);
    });
  }

  async #execute(batch: Waiting[]): Promise<void> {
    const request = ExecuteRequest.encode({ commands: batch.map(({ command }) => command), stopOnError: false }).finish();
    const longest = Math.max(...batch.map(({ command }) => timeoutOf(command)));
    const [answer] = await this.#calls.call("Execute", request, PATIENCE + longest);
    const { results } = ExecuteResponse.decode(answer ?? Buffer.alloc(0));
    for (const [i, { waiter, command }] of batch.entries()) {
      const result = results[i] ?? Result.fromPartial({});
      if (waiter !== undefined) waiter.done(result, []);
      else this.#complain([command], commandError(result));
    }
  }

  async #pages(op: Paged, waiter: Waiter | undefined): Promise<void> {
    if (op.$case === "fetch") {
      const pages = await this.#calls.call("FetchSockets", FetchSocketsRequest.encode({ fetch: op.fetch }).finish(), PATIENCE);
      const all = pages.map((bytes) => FetchSocketsResponse.decode(bytes));
      const sockets = all.flatMap((page) => page.sockets);
      waiter?.done(Result.fromPartial({ sockets, missingHubIds: all.at(-1)?.missingHubIds ?? [] }), []);
      return;
    }
    const parts: Result[] = [];
    for (let pageToken = ""; ; ) {
      const [page, next] = await this.#page(op, pageToken);
      if (next === "") return waiter?.done(page, parts);
      parts.push(page);
      pageToken = next;
    }
  }

  async #page(op: Exclude<Paged, { $case: "fetch" }>, pageToken: string): Promise<[Result, string]> {
    if (op.$case === "listRooms") {
      const request = ListRoomsRequest.encode({ listRooms: { ...op.listRooms, pageToken } }).finish();
      const [bytes] = await this.#calls.call("ListRooms", request, PATIENCE);
      const { nextPageToken, ...page } = ListRoomsResponse.decode(bytes ?? Buffer.alloc(0));
      return [Result.fromPartial(page), nextPageToken];
    }
    const request = ListUsersRequest.encode({ listUsers: { ...op.listUsers, pageToken } }).finish();
    const [bytes] = await this.#calls.call("ListUsers", request, PATIENCE);
    const { nextPageToken, ...page } = ListUsersResponse.decode(bytes ?? Buffer.alloc(0));
    return [Result.fromPartial(page), nextPageToken];
  }

  /** Does something for these commands, again while no hub is there; what fails is theirs. */
  async #settled(batch: Waiting[], task: () => Promise<void>): Promise<void> {
    const { commandTimeout, backoffMin, backoffMax } = this.#settings;
    const again = new Backoff(backoffMin, backoffMax);
    const end = commandTimeout > 0 ? Date.now() + commandTimeout : Number.POSITIVE_INFINITY;
    for (;;) {
      try {
        await task();
        break;
      } catch (error) {
        const wait = again.next();
        if (!repeatable(error, batch) || this.#closed || Date.now() + wait > end) {
          this.#fail(batch, error);
          break;
        }
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
    this.#open -= batch.length;
  }

  #fail(batch: Waiting[], error: unknown): void {
    const reason = error instanceof HubError ? error : new StatusError("INTERNAL", "", String(error));
    for (const { waiter } of batch) waiter?.lost(reason);
    const told = batch.filter(({ waiter }) => waiter === undefined).map(({ command }) => command);
    this.#complain(told, reason);
  }

  /** Logs commands whose failure nobody else hears of. */
  #complain(commands: Command[], error: HubError | undefined): void {
    if (error === undefined || commands.length === 0) return;
    const count = this.#lost.count();
    if (count > 0) this.#settings.logger.warn("commands failed", { op: commands[0]?.op?.$case, err: error, count });
  }

  /** Sends what waits, waits for what is under way, and hangs up. */
  async close(): Promise<void> {
    await this.#running;
    this.#closed = true;
    await Promise.all(this.#beside);
    await this.#calls.close();
  }
}

/** Commands in their order, those together that one call takes. */
function batches(all: readonly Waiting[]): Batch[] {
  const made: Batch[] = [];
  let open: Batch | undefined;
  for (const waiting of all) {
    const alone = apart(waiting.command);
    if (!alone && open !== undefined && open.length < BATCH) {
      open.push(waiting);
      continue;
    }
    const batch: Batch = [waiting];
    made.push(batch);
    open = alone ? undefined : batch;
  }
  return made;
}

/** Whether a command has a call of its own. */
function apart({ op }: Command): boolean {
  if (op?.$case === "emit") return op.emit.ack !== undefined;
  return op?.$case === "fetch" || op?.$case === "listRooms" || op?.$case === "listUsers";
}

/** For how long others are waited for, in milliseconds. */
function timeoutOf({ op }: Command): number {
  const timeout = op?.$case === "emit" ? op.emit.ack?.timeout : op?.$case === "call" ? op.call.timeout : undefined;
  return timeout === undefined ? 0 : timeout.seconds * 1000 + timeout.nanos / 1e6;
}

/** Whether a batch may be sent again: nothing was sent, or each command is carried out once under its key. */
function repeatable(error: unknown, batch: Waiting[]): boolean {
  if (error instanceof UnavailableError) return true;
  return error instanceof OutcomeUnknownError && batch.every(({ command }) => command.idempotencyKey !== "");
}
