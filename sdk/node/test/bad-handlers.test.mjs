// Handlers that throw, reject, block, never end; a fork behind an open channel; a signal in a handler. Nothing is lost by any.
import assert from "node:assert/strict";
import { once } from "node:events";
import { afterEach, beforeEach, test } from "node:test";
import { Server } from "@siohub/server";
import { Service } from "@siohub/server/service";
import { MemoryHub } from "@siohub/server/testing";
import { io as connect } from "socket.io-client";
import { quiet } from "./support/fake-hub.mjs";
import { Hub, until } from "./support/hub.mjs";
import { App } from "./support/process.mjs";

const APP = new URL("support/bad-app.mjs", import.meta.url);
let hub;
let apps = [];
let client;
let drops;

beforeEach(async () => {
  hub = await Hub.start();
  apps = [];
});
afterEach(async () => {
  client?.close();
  await Promise.all(apps.map((app) => app.stop("SIGKILL")));
  await hub.stop();
});

async function start(env = {}) {
  const app = await App.start("@siohub/server", { HUB_ADDRESS: hub.address, ...env }, { app: APP });
  app.told = [];
  app.child.on("message", (message) => app.told.push(message));
  apps.push(app);
  return app;
}

async function join(namespace = "") {
  client = connect(`${hub.url}${namespace}`, { transports: ["websocket"], forceNew: true });
  drops = [];
  client.on("disconnect", (reason) => drops.push(reason));
  await once(client, "connect");
}

const ask = (event, ...args) => new Promise((resolve) => client.emit(event, ...args, (...answer) => resolve(answer)));
/** The application that has the browser. */
const holder = async () => {
  const [pid] = await ask("who");
  return apps.find(({ child }) => child.pid === pid);
};
const tries = (id) => apps.flatMap(({ told }) => told).filter(({ tried }) => tried === id).length;
const saves = (id) => apps.flatMap(({ told }) => told).filter(({ saved }) => saved === id).length;

for (const how of ["throw", "reject"]) {
  test(`a listener that ${how}s ends its process and no other; its event is not repeated`, async () => {
    await start();
    await start();
    await join();
    const first = await holder();
    client.emit(how, "a");
    const saved = ask("save", "behind it");
    const [code, signal] = await first.exited;
    assert.deepEqual([code, signal], [1, null]);
    assert.deepEqual(await saved, ["behind it"]);
    const second = await holder();
    assert.notEqual(second, first);
    assert.equal(tries("a"), 1);
    assert.equal(second.child.exitCode, null);
    assert.deepEqual(drops, []);
  });

  test(`a listener that ${how}s in a process that goes on anyway harms nobody`, async () => {
    const app = await start({ SURVIVE: "1" });
    await join();
    client.emit(how, "a");
    assert.deepEqual(await ask("save", "b"), ["b"]);
    await until(() => app.told.some(({ uncaught, unhandled }) => uncaught ?? unhandled), "the exception");
    assert.equal(tries("a"), 1);
    assert.deepEqual(drops, []);
  });
}

test("a refusal whose data cannot be encoded refuses all the same", async () => {
  const app = await start({ SURVIVE: "1" });
  client = connect(`${hub.url}/refuse`, { transports: ["websocket"], forceNew: true, reconnection: false });
  const [error] = await once(client, "connect_error");
  assert.equal(error.message, "no");
  await until(() => app.told.some(({ uncaught }) => uncaught?.includes("BigInt")), "the exception");
});

test("a listener that blocks the loop for four heartbeats loses nothing", async () => {
  await start({ HEARTBEAT: "1000" });
  await join();
  const blocked = ask("block", 4500);
  await until(() => tries("block") === 1, "the listener");
  const ids = Array.from({ length: 20 }, (_, i) => `behind ${i}`);
  const saved = ids.map((id) => ask("save", id));
  assert.deepEqual(await blocked, ["blocked"]);
  assert.deepEqual(
    (await Promise.all(saved)).map(([id]) => id),
    ids,
  );
  assert.equal(tries("block"), 1);
  for (const id of ids) assert.equal(saves(id), 1);
  assert.deepEqual(drops, []);
  assert.deepEqual(
    apps[0].told.filter(({ disconnect }) => disconnect),
    [],
  );
});

test("while one process blocks, another takes its sockets over", async () => {
  await start({ HEARTBEAT: "1000" });
  await join();
  const first = await holder();
  await start({ HEARTBEAT: "1000" });
  const blocked = ask("block", 30_000);
  await until(() => tries("block") === 1, "the listener");
  const saved = ask("save", "meanwhile");
  await until(() => tries("block") === 2, "the listener in the other process"); // at least once
  apps.find((app) => app !== first).child.kill("SIGKILL");
  first.child.kill("SIGKILL");
  await start();
  await Promise.all([blocked, saved].map((promise) => Promise.race([promise, once(client, "disconnect")])).slice(1));
  assert.deepEqual(await saved, ["meanwhile"]);
  assert.deepEqual(drops, []);
});

test("a listener that never ends does not hold its event for ever, nor its socket", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval", "Date"] });
  const memory = new MemoryHub();
  const io = new Server({ hub: { ...memory.options, logger: quiet } });
  io.on("connection", (socket) => {
    socket.on("never", () => new Promise(() => {}));
    socket.on("echo", (value, done) => done(value));
  });
  io.listen();
  const ann = await memory.connect("/");
  let over = false;
  const never = ann.emit("never").then(() => {
    over = true;
  });
  assert.equal(await ann.emitWithAck("echo", 1), 1);
  assert.equal(over, false);
  for (let i = 0; i < 12; i++) t.mock.timers.tick(3000);
  await never;
  await io.close();
});

test("a handler of the kit's own API that never ends holds its socket alone, and closing is bounded", async () => {
  const make = async () => {
    const service = new Service("never", { address: hub.address, signals: false, logger: quiet, closeTimeout: 200 });
    const space = service.namespace("/never", { introduction: "onInstance" }).allowAnyone();
    space.on("never", (event) => {
      attempts.push(event.attempt);
      return event.attempt > 1 ? event.reply("done") : new Promise(() => {});
    });
    space.on("echo", (event) => event.reply(...event.args));
    service.run().catch(() => {});
    await service.attached();
    return service;
  };
  const attempts = [];
  const first = await make();
  await join("/never");
  const never = ask("never");
  await until(() => attempts.length === 1, "the handler");
  const other = connect(`${hub.url}/never`, { transports: ["websocket"], forceNew: true });
  assert.equal(await other.emitWithAck("echo", 1), 1);
  const behind = ask("echo", 2);
  const second = await make();
  await first.close();
  assert.deepEqual(await never, ["done"]);
  assert.deepEqual(await behind, [2]);
  assert.deepEqual(attempts, [1, 2]);
  assert.deepEqual(drops, []);
  other.close();
  await second.close();
});

test("SIGTERM in a listener: it ends, what it promised is kept, and the next process goes on", async () => {
  await start();
  await join();
  const first = await holder();
  await start();
  const answered = ask("term", "last words");
  const behind = ask("save", "behind");
  first.child.send("go on");
  assert.deepEqual(await answered, ["last words"]);
  assert.deepEqual(await behind, ["behind"]);
  const [code, signal] = await first.exited;
  assert.deepEqual([code, signal], [null, "SIGTERM"]);
  assert.equal(saves("last words"), 1);
  assert.equal(saves("behind"), 1);
  assert.notEqual(await holder(), first);
  assert.deepEqual(drops, []);
});

test("processes that are forked behind an open channel are instances of their own", async () => {
  const app = await start({ FORKS: "2" });
  await join();
  assert.equal((await ask("who"))[0], app.child.pid);
  const workers = new Promise((resolve) => {
    let count = 0;
    app.child.on("message", (message) => "port" in message && ++count === 2 && resolve());
  });
  app.child.send("fork");
  await workers;
  const pids = new Set();
  const others = [];
  await until(async () => {
    const other = connect(hub.url, { transports: ["websocket"], forceNew: true });
    others.push(other);
    pids.add(await other.emitWithAck("who"));
    return pids.size === 3;
  }, "browsers in three processes");
  assert.equal((await ask("who"))[0], app.child.pid, "it stays where it is");
  for (const other of others) other.close();
  assert.deepEqual(drops, []);
});

test("a call that nobody answers leaves nothing behind", async (t) => {
  const open = (name) => {
    const io = new Server({ hub: { address: hub.address, signals: false, logger: quiet, instanceId: name } });
    io.on("unanswered", () => {});
    return io.listen();
  };
  const [one, two] = [open("one"), open("two")];
  t.after(() => one.close());
  await until(async () => (await one.serverSideEmitWithAck("ping").catch((error) => error.message)).length >= 0, "the hub");
  await until(async () => {
    const message = await one.serverSideEmitWithAck("unanswered").catch((error) => error.message);
    return /0 responses received out of 1/.test(message);
  }, "the time-out");
  const before = performance.now();
  await two.close();
  assert.ok(performance.now() - before < 5000, "nothing is waited for");
});

test("a middleware, or who decides about a namespace, that answers twice is heard once", async (t) => {
  const memory = new MemoryHub();
  const heard = [];
  const serve = (name) => {
    const io = new Server({ hub: { ...memory.instance(name), logger: quiet } });
    t.after(() => io.close());
    io.use((_socket, next) => {
      next();
      next();
    });
    io.use((socket, next) => {
      heard.push(`${name} middleware`);
      next(socket.handshake.auth.bad && new Error("refused"));
      next();
    });
    io.of((_name, _auth, next) => {
      next(null, false);
      next(null, false);
    });
    io.on("connection", (socket) => {
      heard.push(`${name} connection`);
      socket.on("where", (done) => done(name));
    });
    return io.listen();
  };
  const one = serve("one");
  await memory.attached();
  await assert.rejects(memory.connect("/nowhere"), { message: "Invalid namespace" });
  await assert.rejects(memory.connect("/", { auth: { bad: true } }), { message: "refused" });
  await memory.idle();
  assert.equal(one.engine.clientsCount, 0);
  heard.length = 0;
  const browser = await memory.connect("/");
  await memory.idle();
  const two = serve("two");
  await memory.attached(2);
  memory.move(browser, "two");
  assert.equal(await browser.emitWithAck("where"), "two");
  await memory.idle();
  assert.equal(two.sockets.sockets.size, 1);
  assert.deepEqual(heard, ["one middleware", "one connection", "two middleware", "two connection"]);
  await browser.disconnect();
  assert.deepEqual(
    [one, two].map(({ engine }) => engine.clientsCount),
    [0, 0],
  );
});
