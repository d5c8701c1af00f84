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
  readonly key: string;
  queue: Work[];
  running: number;
  /** One that runs alone is running. */
  alone: boolean;
  /** It waits for a place among those that run. */
  ready: boolean;
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
      lane = { key: work.lane, queue: [], running: 0, alone: false, ready: false };
      this.#lanes.set(work.lane, lane);
    }
    lane.queue.push(work);
    this.#begin(lane);
  }

  /** Takes work out that has not begun. False when it has. */
  remove(work: W): boolean {
    const lane = this.#lanes.get(work.lane);
    const at = lane?.queue.indexOf(work) ?? -1;
    if (lane === undefined || at < 0) return false;
    lane.queue.splice(at, 1);
    this.#forget(lane);
    return true;
  }

  #forget(lane: Lane): void {
    if (lane.running === 0 && lane.queue.length === 0 && this.#lanes.get(lane.key) === lane) this.#lanes.delete(lane.key);
  }

  #begin(lane: Lane): void {
    while (lane.queue.length > 0) {
      const next = lane.queue[0] as Work;
      if (next.last ? lane.running > 0 : lane.alone && !next.concurrent) return;
      if (this.#running >= this.#most) {
        if (!lane.ready) this.#ready.push(lane);
        lane.ready = true;
        return;
      }
      lane.queue.shift();
      lane.running++;
      if (!next.concurrent) lane.alone = true;
      this.#running++;
      void next.run().finally(() => this.#over(lane, next));
    }
  }

  #over(lane: Lane, work: Work): void {
    lane.running--;
    if (!work.concurrent) lane.alone = false;
    this.#running--;
    this.#begin(lane);
    this.#forget(lane);
    while (this.#running < this.#most) {
      const other = this.#ready.shift();
      if (other === undefined) return;
      other.ready = false;
      this.#begin(other);
    }
  }
}
