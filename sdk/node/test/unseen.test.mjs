// An application that was written for socket.io before anybody looked into the kit: its import is changed and nothing else.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, beforeEach, test } from "node:test";
import { Player, story } from "./support/arcade-story.mjs";
import { Hub, until } from "./support/hub.mjs";
import { App } from "./support/process.mjs";

const APP = new URL("apps/arcade.mjs", import.meta.url);
const ALIAS = new URL("support/alias.mjs", import.meta.url).href;
const directory = mkdtempSync(join(tmpdir(), "arcade-"));
let hub;
let journals = 0;

/** Processes of the application with one journal. */
class Arcade {
  journal = join(directory, `journal-${journals++}`);
  apps = [];
  async start(moved = true) {
    const env = { JOURNAL: this.journal, ...(moved ? { HUB_ADDRESS: hub.address } : {}) };
    const app = await App.start("", env, { app: APP, execArgv: moved ? ["--import", ALIAS] : [] });
    this.apps.push(app);
    return app;
  }
  lines(first) {
    const lines = readFileSync(this.journal, "utf8").split("\n");
    return lines.filter((line) => line.startsWith(`${first} `)).map((line) => line.slice(first.length + 1));
  }
  get urls() {
    return this.apps.map((app) => app.url);
  }
  async stop() {
    await Promise.all(this.apps.splice(0).map((app) => app.stop("SIGKILL")));
  }
}

beforeEach(async () => {
  hub = await Hub.start();
});
afterEach(() => hub.stop());
after(() => rmSync(directory, { recursive: true }));

for (const [title, moved, count] of [
  ["socket.io itself", false, 1],
  ["one process", true, 1],
  ["three processes", true, 3],
]) {
  test(`the story of an arcade: ${title}`, async () => {
    const arcade = new Arcade();
    for (let i = 0; i < count; i++) await arcade.start(moved);
    try {
      await story(moved ? hub.url : arcade.urls[0], arcade.urls);
      assert.deepEqual(
        arcade.lines("join").sort(),
        arcade
          .lines("leave")
          .map((line) => line.split(" ")[0])
          .sort(),
      );
    } finally {
      await arcade.stop();
    }
  });
}

/** Players who work all the time, while processes come and go. */
class Crowd {
  over = false;
  done = 0;
  /** Waits until they have done so much more. */
  async works(count) {
    const enough = this.done + count;
    await until(() => this.done >= enough, "work that is done");
  }
  async arrive(url, count) {
    const options = { reconnection: true };
    this.players = await Promise.all(Array.from({ length: count }, (_, i) => Player.enter(url, `n${i}`, options)));
    this.working = this.players.map(async (player, i) => {
      let count = 0;
      while (!this.over) {
        const id = `n${i}-${count++}`;
        assert.deepEqual(await player.ask("keep", id), [id, `n${i}`]);
        this.done++;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return count;
    });
  }
  async settle(arcade, killed) {
    this.over = true;
    const counts = await Promise.all(this.working);
    const kept = arcade.lines("kept");
    const ids = new Set(kept);
    for (const [i, count] of counts.entries()) {
      const missing = Array.from({ length: count }, (_, n) => `n${i}-${n}`).filter((id) => !ids.has(id));
      assert.deepEqual(missing, [], "an acknowledged event was lost");
    }
    if (!killed) assert.equal(ids.size, kept.length, "an orderly end repeats nothing");
    await this.players[0].ask("chat", "are you there?");
    for (const [i, player] of this.players.entries()) {
      assert.deepEqual(player.drops, []);
      assert.equal(player.all("welcome").length, 1);
      if (i > 0) assert.deepEqual(await player.hears("chat"), [{ from: "n0", text: "are you there?" }]);
      assert.equal(player.all("chat").length, i > 0 ? 1 : 0);
      assert.deepEqual(new Set(player.all("kept").map(([id]) => id)), new Set([...ids].filter((id) => id.startsWith(`n${i}-`))));
    }
    const names = this.players.map((_, i) => `n${i}`);
    assert.deepEqual(arcade.lines("join").sort(), names);
    assert.deepEqual(arcade.lines("leave"), []);
  }
  leave() {
    for (const player of this.players ?? []) player.leave();
  }
}

for (const how of ["killed", "deployed"]) {
  for (const count of [1, 3]) {
    test(`players do not notice: ${count} of ${count} ${how}, three times`, async () => {
      const arcade = new Arcade();
      const crowd = new Crowd();
      try {
        for (let i = 0; i < count; i++) await arcade.start();
        await crowd.arrive(hub.url, 9);
        for (let i = 0; i < 3 * count; i++) {
          await crowd.works(30);
          const old = arcade.apps.shift();
          if (how === "killed") await old.stop("SIGKILL");
          await arcade.start();
          if (how === "deployed") await old.stop("SIGTERM");
        }
        await crowd.settle(arcade, how === "killed");
      } finally {
        crowd.leave();
        await arcade.stop();
      }
    });
  }
}
