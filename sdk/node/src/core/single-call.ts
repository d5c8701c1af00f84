import { unknownField } from "./capability.js";
import { type Call, type Connection, callError, connect, helloError } from "./dial.js";
import { ConfigError, HubError, OutcomeUnknownError, UnavailableError } from "./errors.js";
import type { Settings } from "./settings.js";
import { Token } from "./token.js";

const CONTROL = "/hub.v1.ControlService/";

/** Calls that are no stream, over one connection to the first hub that answers. */
export class SingleCalls {
  readonly #settings: Settings;
  readonly #addresses: string[];
  readonly #token: Token;
  #connection: Promise<Connection> | undefined;
  #address = "";

  constructor(settings: Settings, addresses: string[]) {
    this.#settings = settings;
    this.#addresses = addresses;
    this.#token = new Token(settings);
  }

  /**
   * The messages of the answer, or none where `each` gets them as they come. Rejects with an UnavailableError when no hub was reached
   * (nothing was sent), with an OutcomeUnknownError when the call broke, or with what the hub says. A token that the hub refuses
   * is looked up again, and the call made once more if there is another one by now.
   */
  async call(method: string, request: Buffer, patience: number, each?: (answer: Buffer) => void): Promise<Buffer[]> {
    await this.#connected();
    const refused = this.#token.shown;
    try {
      return await this.#once(method, request, patience, each);
    } catch (error) {
      if ((error as HubError).code !== "UNAUTHENTICATED" || !this.#settings.tokenMayDiffer) throw error;
      await this.#token.next();
      if (this.#token.shown === refused) throw error;
      this.#token.check(this.#address);
      return this.#once(method, request, patience, each);
    }
  }

  async #once(method: string, request: Buffer, patience: number, each?: (answer: Buffer) => void): Promise<Buffer[]> {
    const connecting = this.#connected();
    const connection = await connecting;
    const forget = (): void => {
      if (this.#connection === connecting) this.#connection = undefined; // another call may have made a new one
      connection.close();
    };
    let call: Call;
    try {
      call = connection.call(this.#token.shown, CONTROL + method);
    } catch (error) {
      forget();
      throw new UnavailableError("the connection has ended", { cause: error });
    }
    return new Promise((resolve, reject) => {
      const answers: Buffer[] = [];
      const timer = setTimeout(() => {
        forget();
        reject(new OutcomeUnknownError());
      }, patience);
      call.on("data", each ?? ((bytes: Buffer) => answers.push(bytes)));
      call.once("status", (status) => {
        clearTimeout(timer);
        const error = unknownField(helloError(status, this.#address) ?? callError(status), `${method}Request`);
        if (error === undefined) return resolve(answers);
        const broken = error.code === "UNAVAILABLE" && !(error as { reason?: string }).reason;
        if (broken) forget();
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
    await this.#token.next();
    let problem: unknown;
    for (const address of this.#addresses) {
      this.#token.check(address);
      try {
        const connection = await connect(this.#settings, address);
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

  /** Ends what is under way. */
  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    (await connection?.catch(() => undefined))?.close();
  }
}
