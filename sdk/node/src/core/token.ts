import { UnavailableError } from "./errors.js";
import type { Settings } from "./settings.js";

/** The credential of a link: looked up for each attempt. */
export class Token {
  /** The one that was shown last. */
  shown: string | undefined;
  readonly #settings: Settings;
  readonly #patience: number;

  /** Whoever gives it has `patience` milliseconds. */
  constructor(settings: Settings, patience: number) {
    this.#settings = settings;
    this.#patience = patience;
  }

  /** The token for the next attempt. */
  async next(): Promise<string | undefined> {
    this.shown = await this.#ask();
    return this.shown;
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
      const slow = () => reject(new UnavailableError(`hub.token gives no token within ${this.#patience / 1000} s`));
      const timer = setTimeout(slow, this.#patience);
      const asked = Promise.resolve().then(() => this.#settings.token?.());
      asked.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }
}
