// Several processes of one application behind a hub: nobody notices which one serves whom, nor that they come and go.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { io } from "socket.io-client";
import { Hub, until } from "./support/hub.mjs";
import { App } from "./support/process.mjs";

let hub;
let apps = [];
const start = () => App.start("@siohub/server", { HUB_ADDRESS: hub.address });
const ask = (client, event, ...args) => new Promise((resolve) => client.emit(event, ...args, (...answer) => resolve(answer)));

async function connect(count) {
  const clients = Array.from({ length: count }, (_, i) =>
    io(hub.url, { auth: { name: `n${i}`, token: "secret" }, forceNew: true, transports: ["websocket"] }),
  );
  for (const client of clients) {
    client.dropped = 0;
    client.welcomed = 0;
    client.on("disconnect", () => client.dropped++);
    client.on("welcome", () => client.welcomed++);
    client.on("question", (number, done) => done(number));
  }
  await Promise.all(clients.map((client) => until(() => client.welcomed > 0, "a welcome")));
  return clients;
}

before(async () => {
  hub = await Hub.start();
  apps = await Promise.all([start(), start(), start()]);
});
after(async () => {
  await Promise.all(apps.map((app) => app.stop("SIGKILL")));
  await hub.stop();
});

test("rooms, broadcasts and queries reach the sockets of all processes", async () => {
  const clients = await connect(12);
  const spread = await Promise.all(apps.map((app) => app.ask("sockets", "sockets")));
  assert.ok(
    spread.every((sockets) => sockets.length > 0),
    `sockets are spread: ${spread.map((sockets) => sockets.length)}`,
  );
  assert.equal(spread.flat().length, 12);
  for (const client of clients) await ask(client, "join", "all");
  const heard = Promise.all(clients.map((client) => once(client, "said")));
  await ask(clients[0], "say", "all", "hello");
  assert.deepEqual(new Set((await heard).map(([name]) => name)), new Set(["n0"]));
  const [err, answers] = await ask(clients[3], "ask-room", "all");
  assert.equal(err, null);
  assert.equal(answers.length, 12);
  const [names] = await ask(clients[5], "who");
  assert.deepEqual(names, clients.map((_, i) => `n${i}`).sort());
  const answered = await apps[0].ask("serverSide", "answers");
  assert.deepEqual(answered.sort(), [apps[1], apps[2]].map((app) => `${app.child.pid} x`).sort());
  for (const client of clients) client.disconnect();
});

test("three rolling deploys: nobody is dropped, welcomed or counted twice", async () => {
  const before = await sum();
  const clients = await connect(15);
  let count = 0;
  let over = false;
  const saving = clients.map(async (client, i) => {
    while (!over) {
      const id = `${i}-${count++}`;
      assert.deepEqual(await ask(client, "save", id), [id]);
    }
  });
  const left = { joins: 0, leaves: 0 };
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < apps.length; i++) {
      const next = await start();
      const { joins, leaves } = await apps[i].ask("counts", "counts");
      left.joins += joins;
      left.leaves += leaves;
      await apps[i].stop("SIGTERM");
      apps[i] = next;
    }
  }
  over = true;
  await Promise.all(saving);
  assert.ok(
    clients.every((client) => client.dropped === 0 && client.connected),
    "nobody was dropped",
  );
  assert.ok(
    clients.every((client) => client.welcomed === 1),
    "nobody was welcomed twice",
  );
  const after = await sum();
  assert.equal(left.joins + after.joins - before.joins, 15);
  for (const client of clients) client.disconnect();
});

test("killed processes: nobody is dropped, nothing acknowledged is lost", async () => {
  const clients = await connect(9);
  const acked = new Set();
  let over = false;
  let count = 0;
  const saving = clients.map(async (client) => {
    while (!over) {
      const id = count++;
      await ask(client, "save", id);
      acked.add(id);
    }
  });
  const saved = new Set();
  for (let i = 0; i < 6; i++) {
    const at = i % apps.length;
    const killed = apps[at];
    apps[at] = await start();
    await killed.stop("SIGKILL");
    for (const id of killed.saved) saved.add(id);
  }
  over = true;
  await Promise.all(saving);
  for (const app of apps) for (const id of app.saved) saved.add(id);
  assert.ok(
    clients.every((client) => client.dropped === 0 && client.connected),
    "nobody was dropped",
  );
  assert.ok(
    clients.every((client) => client.welcomed === 1),
    "nobody was welcomed twice",
  );
  assert.deepEqual(
    [...acked].filter((id) => !saved.has(id)),
    [],
  );
  for (const client of clients) client.disconnect();
});

async function sum() {
  const all = await Promise.all(apps.map((app) => app.ask("counts", "counts")));
  return {
    joins: all.reduce((total, { joins }) => total + joins, 0),
    leaves: all.reduce((total, { leaves }) => total + leaves, 0),
  };
}
