// What players and admins do with apps/arcade.mjs, and what has to come of it.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { io } from "socket.io-client";
import { until } from "./hub.mjs";

/** A player who writes down what it hears. */
export class Player {
  constructor(url, name, { nsp = "/", auth = { token: `tok:${name}` }, votes, ...options } = {}) {
    this.heard = [];
    this.drops = [];
    this.socket = io(url + nsp, { auth, forceNew: true, reconnection: false, extraHeaders: { "x-agent": "check" }, ...options });
    this.socket.onAny((event, ...args) => {
      const done = typeof args.at(-1) === "function" ? args.pop() : undefined;
      if (!done && this.socket._pid && typeof args.at(-1) === "string") args.pop(); // the offset of state recovery
      this.heard.push([event, ...args]);
      if (event === "vote" || event === "seed") votes?.(done, ...args);
    });
    this.socket.on("disconnect", (reason) => this.drops.push(reason));
  }
  static async enter(url, name, options) {
    const player = new Player(url, name, options);
    await player.hears("welcome");
    return player;
  }
  all(event) {
    return this.heard.filter(([name]) => name === event).map(([, ...args]) => args);
  }
  async hears(event, count = 1) {
    await until(() => this.all(event).length >= count, `${count} ${event}`);
    return this.all(event)[count - 1];
  }
  ask(event, ...args) {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no answer to ${event} within 40 s`)), 40_000);
      this.socket.emit(event, ...args, (...answer) => resolve(answer, clearTimeout(late)));
    });
  }
  emit(...args) {
    this.socket.emit(...args);
    return this;
  }
  leave() {
    this.socket.disconnect();
  }
}

const refusal = (player) =>
  new Promise((resolve) => player.socket.once("connect_error", (err) => resolve([err.message, err.data])));
const get = async (url, path) => (await fetch(url + path)).json();
const each = async (offices, path) => (await Promise.all(offices.map((office) => get(office, path)))).flat().sort();

export async function story(url, offices) {
  await whoIsLetIn(url);
  await lobby(url, offices);
  await tables(url, offices);
  await admins(url, offices);
  await namespaces(url);
}

async function whoIsLetIn(url) {
  const refused = async (auth) => {
    const player = new Player(url, "", { auth });
    const answer = await refusal(player);
    player.leave();
    return answer;
  };
  assert.deepEqual(await refused({}), ["no token", undefined]);
  assert.deepEqual(await refused({ token: "x" }), ["unauthorized", { code: 401, retry: false }]);
  const byQuery = await Player.enter(url, "", { auth: {}, query: { token: "tok:query", color: "red" } });
  assert.equal((await byQuery.ask("facts"))[0].query, "red");
  const byHeader = await Player.enter(url, "", { auth: {}, extraHeaders: { "x-token": "tok:header" } });
  assert.deepEqual(byHeader.all("welcome"), [
    [{ name: "header", rooms: ["lobby", "user:header", byHeader.socket.id].sort(), id: byHeader.socket.id }],
  ]);
  byQuery.leave();
  byHeader.leave();
}

async function lobby(url, offices) {
  const ann = await Player.enter(url, "ann", { votes: (done, sides) => done(`seed${sides}`) });
  const bob = await Player.enter(url, "bob");
  assert.deepEqual(await ann.hears("arrived"), ["bob"]);
  assert.equal(bob.all("arrived").length, 0);
  for (let i = 0; i < 4; i++) assert.deepEqual(await ann.ask("chat", `c${i}`), [{ ok: true, sent: 0 }]);
  ann.emit("chat", "c4").emit("chat", "c5", "more").emit("forbidden");
  await ann.hears("refused", 3);
  assert.deepEqual(ann.all("refused"), [
    ["slow down", { event: "chat", count: 1 }],
    ["slow down", { event: "chat", count: 2 }],
    ["forbidden", null],
  ]);
  await bob.hears("chat", 4);
  assert.deepEqual(
    bob.all("chat").map(([{ from, text }]) => [from, text]),
    [0, 1, 2, 3].map((i) => ["ann", `c${i}`]),
  );
  assert.deepEqual(await ann.ask("keep", "k1"), ["k1", "ann"]);
  assert.deepEqual(await ann.hears("kept"), ["k1"]);
  assert.deepEqual(await ann.ask("score", 3), [3, true, "score"]);
  assert.deepEqual(await ann.ask("score", 4), [7, true, "score"]);
  assert.deepEqual(await ann.ask("only-once"), ["first"]);
  assert.deepEqual(await ann.ask("dice"), [null, createHash("md5").update("seed6").digest("hex")]);
  assert.deepEqual(await ann.ask("dice:callback"), [null, "seed7"]);
  assert.deepEqual(await bob.ask("dice"), ["operation has timed out"]);
  assert.deepEqual(await bob.ask("dice:callback"), ["operation has timed out", null]);
  const image = Buffer.from(Array.from({ length: 3000 }, (_, i) => i % 251));
  const [answer] = await ann.ask("sprite", { name: "cat" }, image);
  assert.deepEqual(answer, {
    digest: createHash("sha256").update(image).digest("hex"),
    mirror: Buffer.from(image).reverse(),
    buffer: true,
  });
  assert.deepEqual(await bob.hears("sprite"), [
    { meta: { name: "cat" }, parts: [image.subarray(0, 3), { tail: image.subarray(-3) }] },
  ]);
  ann.emit("cursor", 3, 4);
  assert.deepEqual(await bob.hears("cursor"), ["ann", { x: 3, y: 4 }]);
  await until(() => ann.socket.io.engine.transport.name === "websocket", "an upgrade");
  let facts;
  await until(async () => {
    [facts] = await ann.ask("facts");
    return facts.transport === "websocket";
  }, "the upgrade is seen");
  assert.deepEqual(facts, {
    agent: "check",
    query: null,
    auth: ["token"],
    url: true,
    request: "check",
    transport: "websocket",
    ids: 2,
    visits: 1,
    connected: true,
    nsp: "/",
    clients: true,
    created: true,
  }); // prettier-ignore
  await get(offices.at(-1), "/announce?room=user:bob&text=hi");
  assert.deepEqual(await bob.hears("announcement"), ["hi"]);
  await get(offices.at(-1), "/announce?room=lobby&text=all");
  assert.deepEqual(await ann.hears("announcement"), ["all"]);
  assert.deepEqual(await get(offices[0], "/online"), ["ann", "bob"]);
  assert.deepEqual(await each(offices, "/local"), ["ann", "bob"]);
  ann.emit("throws-later");
  ann.leave();
  assert.deepEqual(await bob.hears("gone"), ["ann", 0]);
  bob.leave();
}

async function tables(url, offices) {
  const votes = (answer) => ({ votes: (done, question) => done(`${answer} to ${question}`) });
  const ann = await Player.enter(url, "ann", votes("yes"));
  const bob = await Player.enter(url, "bob", votes("no"));
  const cid = await Player.enter(url, "cid", votes("perhaps"));
  const deaf = await Player.enter(url, "deaf");
  assert.deepEqual(await ann.ask("table:join", 1), [{ seats: ["ann"], rooms: 4 }]);
  assert.deepEqual(await bob.ask("table:join", 1), [{ seats: ["ann", "bob"], rooms: 4 }]);
  assert.deepEqual(await ann.hears("table:joined"), [1, "bob"]);
  assert.deepEqual(await cid.ask("table:join", 1), [{ seats: ["ann", "bob", "cid"], rooms: 4 }]);
  assert.deepEqual(await ann.ask("table:vote", 1, "why", 1500), [null, ["no to why", "perhaps to why"]]);
  await deaf.ask("table:join", 1);
  const partly = { message: "operation has timed out", partial: ["no to what", "perhaps to what"] };
  assert.deepEqual(await ann.ask("table:vote", 1, "what", 300), [partly]);
  assert.deepEqual((await get(offices[0], "/ask?room=table:1")).sort(), ["no to http", "perhaps to http", "yes to http"]);
  assert.deepEqual((await deaf.ask("table:leave", 1))[0], false);
  await deaf.ask("table:join", 2);
  await ann.ask("table:say", [1, 2], ["bob"], "not for bob");
  await ann.ask("table:say", [1, 2], [], "for all");
  for (const player of [ann, bob, cid, deaf]) {
    await until(() => player.all("said").some(([text]) => text === "for all"), "said");
    assert.deepEqual(player.all("said"), player === bob ? [["for all"]] : [["not for bob"], ["for all"]]);
  }
  await deaf.ask("table:move", 2, 3);
  await until(async () => {
    await ann.ask("table:say", [3], [], "table 3");
    return deaf.all("said").some(([text]) => text === "table 3");
  }, "a remote join");
  await ann.ask("table:say", [2], [], "nobody");
  bob.leave();
  const [room, name, reason] = await cid.hears("table:left");
  assert.deepEqual([room, name, reason], ["table:1", "bob", "client namespace disconnect"]);
  ann.socket.io.engine.close();
  assert.deepEqual((await cid.hears("table:left", 2)).slice(1), ["ann", "transport close"]);
  assert.ok(!deaf.all("said").some(([text]) => text === "nobody"));
  cid.leave();
  deaf.leave();
}

async function admins(url, offices) {
  const admin = await Player.enter(url, "root:admin");
  const panel = new Player(url, "root:admin", { nsp: "/admin" });
  assert.deepEqual(await panel.hears("message"), ["hello", true]);
  const eve = await Player.enter(url, "eve");
  const ann = await Player.enter(url, "ann");
  assert.deepEqual(await ann.ask("kick", "eve", true), [{ error: "admins only" }]);
  const stranger = new Player(url, "ann", { nsp: "/admin" });
  assert.deepEqual(await refusal(stranger), ["admins only", { hint: "/login" }]);
  assert.deepEqual(await admin.ask("kick", "eve", true), [{ kicked: [["player", true, "check"]] }]);
  await until(() => eve.drops.length, "eve is out");
  assert.deepEqual([eve.all("kicked"), eve.drops], [[["root"]], ["io server disconnect"]]);
  await ann.ask("table:join", 9);
  await panel.ask("close-table", 9);
  await until(() => ann.drops.length, "the table is closed");
  assert.deepEqual([ann.all("closed"), ann.drops], [[[9]], ["io server disconnect"]]);
  const [answers] = await panel.ask("ping-all");
  assert.equal(new Set(answers).size, offices.length - 1);
  assert.ok(answers.every((answer) => answer.startsWith("string ")));
  panel.emit("tell-all", "psst");
  const ben = await Player.enter(url, "ben");
  await get(offices[0], "/ban?name=ben");
  await until(() => ben.drops.length, "ben is banned");
  const again = new Player(url, "ben");
  assert.deepEqual(await refusal(again), ["banned", { until: 2030 }]);
  if (offices.length > 1) await admin.hears("told");
  for (const player of [admin, panel, stranger, again]) player.leave();
}

async function namespaces(url) {
  const one = new Player(url, "one", { nsp: "/game-7" });
  assert.deepEqual(await one.hears("game"), [7, 1]);
  const two = new Player(url, "two", { nsp: "/game-7" });
  await two.hears("game");
  const other = new Player(url, "other", { nsp: "/game-8" });
  await other.hears("game");
  one.emit("shout", "hey");
  assert.deepEqual([await one.hears("shout"), await two.hears("shout")], [["hey"], ["hey"]]);
  assert.equal(other.all("shout").length, 0);
  assert.deepEqual(await refusal(new Player(url, "", { nsp: "/game-101" })), ["no such game", { game: 101 }]);
  assert.deepEqual(await refusal(new Player(url, "", { nsp: "/game-x" })), ["Invalid namespace", undefined]);
  const member = new Player(url, "", { nsp: "/club-a", auth: { member: true } });
  assert.deepEqual(await member.hears("club"), ["/club-a"]);
  assert.deepEqual(await member.ask("everybody"), [1]);
  assert.deepEqual(await refusal(new Player(url, "", { nsp: "/club-b", auth: {} })), ["Invalid namespace", undefined]);
  for (const player of [one, two, other, member]) player.leave();
}
