/** Draws waits evenly from zero to a limit that doubles ("full jitter"). */
export class Backoff {
  readonly #min: number;
  readonly #max: number;
  #limit: number;

  /** Both in milliseconds. */
  constructor(min: number, max: number) {
    this.#min = min;
    this.#max = max;
    this.#limit = min;
  }

  next(): number {
    const wait = Math.random() * Math.min(this.#limit, this.#max);
    this.#limit = Math.min(this.#limit * 2, this.#max);
    return wait;
  }

  /** After a stream that lasted. */
  reset(): void {
    this.#limit = this.#min;
  }
}
