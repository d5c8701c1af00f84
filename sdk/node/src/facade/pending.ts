/** Changes of rooms that the hub has not confirmed: what it tells of these rooms meanwhile is older than what is here. */
export class Pending {
  readonly #open = new Map<string, number>();

  add(id: string, rooms: readonly string[]): void {
    for (const room of rooms) {
      const key = `${id} ${room}`;
      this.#open.set(key, (this.#open.get(key) ?? 0) + 1);
    }
  }

  remove(id: string, rooms: readonly string[]): void {
    for (const room of rooms) {
      const key = `${id} ${room}`;
      const count = (this.#open.get(key) ?? 0) - 1;
      if (count > 0) this.#open.set(key, count);
      else this.#open.delete(key);
    }
  }

  has(id: string, room: string): boolean {
    return this.#open.size > 0 && this.#open.has(`${id} ${room}`);
  }
}
