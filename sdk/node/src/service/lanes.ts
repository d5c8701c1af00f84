/** One piece of work in a lane. */
export interface Work {
  readonly lane: string;
  /** Runs beside others of its lane. */
  readonly concurrent: boolean;
  /** Everything else of its lane has to be over before. */
  readonly last: boolean;
  run(): Promise<void>;
}

interface Lane {
  queue: Work[];
  running: number;
  /** One that runs alone is running. */
  alone: boolean;
}

/** Work of one lane runs one at a time and in order, that of different lanes at the same time: so many at most. */
export class Lanes<W extends Work> {
  readonly #most: number;
  readonly #lanes = new Map<string, Lane>();
  readonly #ready: Lane[] = [];
  #running = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(work: W): void {
    let lane = this.#lanes.get(work.lane);
    if (lane === undefined) {
      lane = { queue: [], running: 0, alone: false };
      this.#lanes.set(work.lane, lane);
    }
    lane.queue.push(work);
    this.#begin(work.lane, lane);
  }

  /** Takes out work that has not begun. */
  remove(gone: (work: W) => boolean): void {
    for (const lane of this.#lanes.values()) lane.queue = lane.queue.filter((work) => !gone(work as W));
  }

  #begin(key: string, lane: Lane): void {
    while (lane.queue.length > 0) {
      const next = lane.queue[0] as Work;
      if (next.last ? lane.running > 0 : lane.alone && !next.concurrent) return;
      if (this.#running >= this.#most) {
        if (!this.#ready.includes(lane)) this.#ready.push(lane);
        return;
      }
      lane.queue.shift();
      lane.running++;
      if (!next.concurrent) lane.alone = true;
      this.#running++;
      void next.run().finally(() => this.#over(key, lane, next));
    }
  }

  #over(key: string, lane: Lane, work: Work): void {
    lane.running--;
    if (!work.concurrent) lane.alone = false;
    this.#running--;
    this.#begin(key, lane);
    if (lane.running === 0 && lane.queue.length === 0 && this.#lanes.get(key) === lane) this.#lanes.delete(key);
    const other = this.#ready.shift();
    if (other === undefined) return;
    for (const [name, known] of this.#lanes) if (known === other) return this.#begin(name, other);
  }
}
