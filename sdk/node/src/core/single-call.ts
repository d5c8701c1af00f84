import { type Call, type Connection, callError, connect, helloError, mayShowToken } from "./dial.js";
import { ConfigError, HubError, OutcomeUnknownError, UnavailableError } from "./errors.js";
import type { Settings } from "./settings.js";

const CONTROL = "/hub.v1.ControlService/";
/** How long connecting may take, in milliseconds. */
const CONNECTING = 5000;

/** Calls that are no stream, over one connection to the first hub that answers. A process of it ends whenever nothing is under way. */
export class SingleCalls {
  readonly #settings: Settings;
  readonly #addresses: string[];
  #connection: Promise<Connection> | undefined;
  #address = "";
  #token: string | undefined;

  constructor(settings: Settings, addresses: string[]) {
    this.#settings = settings;
    this.#addresses = addresses;
  }

  /**
   * The messages of the answer; `each` gets them as they come. Rejects with an UnavailableError when no hub was reached (nothing was sent), with an
   * OutcomeUnknownError when the call broke, or with what the hub says.
   */
  async call(method: string, request: Buffer, patience: number, each?: (answer: Buffer) => void): Promise<Buffer[]> {
    const connection = await this.#connected();
    let call: Call;
    try {
      call = connection.call(this.#token, CONTROL + method);
    } catch (error) {
      this.#forget(connection);
      throw new UnavailableError("the connection has ended", { cause: error });
    }
    return new Promise((resolve, reject) => {
      const answers: Buffer[] = [];
      const timer = setTimeout(() => {
        this.#forget(connection);
        reject(new OutcomeUnknownError());
      }, patience);
      call.on("data", (bytes: Buffer) => {
        answers.push(bytes);
        each?.(bytes);
      });
      call.once("status", (status) => {
        clearTimeout(timer);
        const error = helloError(status, this.#address) ?? callError(status);
        if (error === undefined) return resolve(answers);
        const broken = error.code === "UNAVAILABLE" && !(error as { reason?: string }).reason;
        if (broken) this.#forget(connection);
        reject(broken ? new OutcomeUnknownError() : error);
      });
      call.write(request);
      call.end();
    });
  }

  #connected(): Promise<Connection> {
    this.#connection ??= this.#connect().catch((error) => {
      this.#connection = undefined;
      throw error;
    });
    return this.#connection;
  }

  async #connect(): Promise<Connection> {
    const settings = this.#settings;
    this.#token = await settings.token?.();
    let problem: unknown;
    for (const address of this.#addresses) {
      if (this.#token && !mayShowToken(settings, address)) {
        throw new ConfigError("hub.token", `is not sent to ${address} in the clear: set hub.tls or HUB_TLS_CA`);
      }
      try {
        const connection = await connect(settings, address, CONNECTING);
        this.#address = address;
        return connection;
      } catch (error) {
        if (error instanceof ConfigError) throw error;
        problem = error;
      }
    }
    const why = problem instanceof HubError ? problem.message : String(problem);
    throw new UnavailableError(`no hub can be reached: ${why}`, { cause: problem });
  }

  #forget(connection: Connection): void {
    this.#connection = undefined;
    connection.close();
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    (await connection?.catch(() => undefined))?.close();
  }
}
