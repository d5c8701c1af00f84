import { CONNECTING, mayShowToken } from "./dial.js";
import { ConfigError, UnavailableError } from "./errors.js";
import type { Settings } from "./settings.js";

/** The credential of a link, or of single calls: looked up for each connection, in CONNECTING milliseconds. */
export class Token {
  /** The one that was shown last. */
  shown: string | undefined;
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Looks up the one for the next connection. */
  async next(): Promise<void> {
    this.shown = await this.#ask();
  }

  /** Throws a ConfigError where it may not be sent to an address. */
  check(address: string): void {
    if (!this.shown || mayShowToken(this.#settings, address)) return;
    throw new ConfigError("hub.token", `is not sent to ${address} in the clear: set hub.tls or HUB_TLS_CA`);
  }

  /** Whether there is another one than the one that was refused. */
  async another(): Promise<boolean> {
    try {
      return (await this.#ask()) !== this.shown;
    } catch {
      return false; // it may be about to be written
    }
  }

  #ask(): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      const slow = () => reject(new UnavailableError(`hub.token gives no token within ${CONNECTING / 1000} s`));
      const timer = setTimeout(slow, CONNECTING);
      const asked = Promise.resolve().then(() => this.#settings.token?.());
      asked.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }
}
