// The hub of @siohub/server/testing, played against both surfaces of the kit.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { Server } from "@siohub/server";
import { Deny, Retry, Service } from "@siohub/server/service";
import { ConnectError, HandlerError, MemoryHub, NoReplyError, TestHub } from "@siohub/server/testing";
import { quiet } from "./support/fake-hub.mjs";

/** A server of one process, closed with the test. */
function serve(t, hub, make, options = hub.options) {
  const io = new Server({ hub: { ...options, logger: quiet } });
  make?.(io);
  io.listen();
  t.after(() => io.close());
  return io;
}

function run(t, hub, make, options = {}) {
  const service = new Service("chat", { ...hub.options, logger: quiet, ...options });
  const made = make(service);
  service.run().catch(() => {});
  t.after(() => service.close());
  return made;
}

test("the example of the README runs", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const example = readme.match(/```js\n((?:(?!```)[\s\S])*MemoryHub[\s\S]*?)```/)[1];
  const file = new URL("../dist/readme.test.mjs", import.meta.url);
  writeFileSync(file, example);
  try {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const output = execFileSync(process.execPath, ["--test", file.pathname], { env, encoding: "utf8" });
    assert.match(output, /pass [1-9]/);
  } finally {
    rmSync(file);
  }
});

test("TestHub says which program is not there", async () => {
  await assert.rejects(TestHub.start({ binary: "no-such-hub" }), /no program no-such-hub: SIOHUB_HUB_BINARY/);
});

test("browsers connect with auth, emit, acknowledge and leave", async (t) => {
  const hub = new MemoryHub();
  const seen = [];
  const io = serve(t, hub, (io) => {
    io.use((socket, next) => {
      if (socket.handshake.auth.token !== "secret") {
        return next(Object.assign(new Error("unauthorized"), { data: { retry: false } }));
      }
      socket.data.name = socket.handshake.headers["x-name"];
      next();
    });
    io.on("connection", (socket) => {
      socket.emit("welcome", socket.data.name, socket.handshake.query.v);
      socket.join("lobby");
      socket.on("say", (text, done) => {
        io.to("lobby").emit("said", socket.data.name, text);
        done("ok", text.length);
      });
      socket.on("bytes", (bytes, done) => done({ again: bytes }));
      socket.on("ask", async (done) => done(await socket.emitWithAck("question", 20)));
      socket.on("late", (done) => setImmediate(done, "late"));
      socket.on("quiet", () => {});
      socket.on("disconnecting", (reason) => seen.push(reason, [...socket.rooms].length));
      socket.on("disconnect", (reason) => seen.push(reason));
    });
  });
  const refused = await hub.connect("/", { auth: { token: "wrong" } }).catch((error) => error);
  assert.ok(refused instanceof ConnectError);
  assert.equal(refused.message, "unauthorized");
  assert.deepEqual(refused.data, { retry: false });
  await assert.rejects(hub.connect("/nowhere", { auth: { token: "secret" } }), { message: "Invalid namespace" });

  const open = (name) => hub.connect("/", { auth: { token: "secret" }, headers: { "X-Name": name }, query: { v: "7" } });
  const [ann, bob] = [await open("ann"), await open("bob")];
  assert.deepEqual(await ann.expect("welcome"), ["ann", "7"]);
  assert.deepEqual(await ann.call("say", "hello"), ["ok", 5]);
  assert.deepEqual(await bob.expect("said"), ["ann", "hello"]);
  assert.deepEqual(await ann.emitWithAck("bytes", Buffer.from("xyz")), { again: Buffer.from("xyz") });
  assert.equal(await ann.emitWithAck("late"), "late");
  bob.on("question", (n, done) => done(n + 1));
  assert.equal(await bob.emitWithAck("ask"), 21);
  await ann.emit("quiet");
  assert.deepEqual([...ann.rooms], ["lobby"]);
  const answers = io.timeout(50).emitWithAck("question", 1);
  await assert.rejects(answers, (error) => error.responses.length === 1); // ann has no listener
  assert.deepEqual((await io.fetchSockets()).map(({ data }) => data.name).sort(), ["ann", "bob"]);

  await bob.lose("transport close", 1001);
  assert.deepEqual(seen, ["transport close", 2, "transport close"]);
  io.in("lobby").disconnectSockets();
  assert.equal(await ann.left(), "server namespace disconnect");
  assert.equal(hub.browsers.length, 0);
});

test("a stream that is cut loses nothing; an instance that is dropped gets what it had again", async (t) => {
  const hub = new MemoryHub();
  const tries = [];
  let hold = new Promise(() => {});
  const chat = run(t, hub, (service) =>
    service
      .namespace("/chat", { introduction: "onInstance" })
      .allowAnyone()
      .on("work", async (event) => {
        tries.push(event.attempt);
        await Promise.race([hold, new Promise((_, reject) => event.signal.addEventListener("abort", reject))]);
        event.reply(event.attempt);
      }),
  );
  const ann = await hub.connect("/chat");
  let release;
  hold = new Promise((resolve) => {
    release = resolve;
  });
  const answer = ann.call("work");
  await until(() => tries.length === 1);
  hub.cut();
  chat.to(ann.id).emit("said while away");
  release();
  assert.deepEqual(await answer, [1]);
  await ann.expect("said while away");

  hold = new Promise(() => {});
  const second = ann.call("work");
  await until(() => tries.length === 2);
  hold = undefined;
  hub.drop();
  assert.deepEqual(await second, [2]);
  assert.deepEqual(tries, [1, 1, 2]);
});

test("sockets move between instances, and are told the truth", async (t) => {
  const hub = new MemoryHub();
  const told = [];
  const make = (name) => (io) => {
    io.use((socket, next) => {
      socket.let = name;
      next();
    });
    io.on("connection", (socket) => {
      assert.equal(socket.recovered, socket.moved);
      assert.equal(socket.let, name, "the middlewares of this process have had it");
      told.push([name, "connection", socket.moved, socket.data.at, [...socket.rooms].includes("lobby")]);
      if (!socket.moved) {
        socket.data.at = name;
        socket.join("lobby");
      }
      socket.on("where", (done) => done(name));
      socket.on("released", (reason) => told.push([name, "released", reason]));
      socket.on("disconnect", (reason, description) => told.push([name, reason, description]));
    });
  };
  const one = serve(t, hub, make("one"), hub.instance("one"));
  await hub.attached();
  const ann = await hub.connect("/", { auth: { any: 1 } });
  assert.equal(await ann.emitWithAck("where"), "one");
  await hub.idle();
  serve(t, hub, make("two"), hub.instance("two"));
  await hub.attached(2);
  hub.move(ann, "two");
  assert.equal(await ann.emitWithAck("where"), "two");
  hub.move(ann, "one");
  assert.equal(await ann.emitWithAck("where"), "one");
  await one.close();
  assert.equal(await ann.emitWithAck("where"), "two");
  await hub.idle();
  hub.restart();
  await hub.attached();
  await hub.idle();
  assert.deepEqual(told, [
    ["one", "connection", false, undefined, false],
    ["one", "released", "MOVED"],
    ["two", "connection", true, "one", true],
    ["two", "released", "MOVED"],
    ["one", "connection", true, "one", true],
    ["one", "released", "DRAINED"],
    ["two", "connection", true, "one", true],
    ["two", "transport error", "hub lost"],
  ]);
});

test("instances call each other, and others call them", async (t) => {
  const hub = new MemoryHub();
  const make = (name) => (io) => io.on("config", (value, done) => done?.(`${name} ${value}`));
  const one = serve(t, hub, make("one"), hub.instance("one"));
  serve(t, hub, make("two"), hub.instance("two"));
  await hub.attached(2);
  assert.deepEqual(await one.serverSideEmitWithAck("config", 1), ["two 1"]);
  assert.match((await hub.call("/", "config", ["x"]))[0], /^(one|two) x$/);
});

test("the kit's own API meets users, retries, renewals and failures", async (t) => {
  const hub = new MemoryHub();
  const seen = [];
  const chat = run(t, hub, (service) => {
    const chat = service.namespace("/chat");
    chat.onConnect(({ auth }) => {
      if (auth === undefined) throw new Deny("who are you?", { code: 401 });
      return { user: auth.name, rooms: ["lobby"], data: { visits: 1 } };
    });
    chat.on("retry", (event) => {
      if (event.attempt < 3) throw new Retry({ delay: 5000 });
      event.reply(event.attempt);
    });
    chat.on("fail", () => {
      throw new Error("out of order");
    });
    chat.on("late", (event) => void setImmediate(event.ackLater(), "late"));
    chat.on("silent", () => {});
    chat.onExpiring(({ socket }) => {
      if (socket.user === "bob") throw new Deny();
      return { data: { renewed: true } };
    });
    chat.onDisconnect(({ reason, detail }) => void seen.push([reason, detail]));
    return chat;
  });
  await assert.rejects(hub.connect("/chat"), (error) => error instanceof ConnectError && error.data.code === 401);
  const ann = await hub.connect("/chat", { auth: { name: "ann" } });
  const bob = await hub.connect("/chat", { auth: { name: "bob" } });
  assert.equal(ann.user, "ann");
  assert.equal(await ann.emitWithAck("retry"), 3);
  assert.equal(await ann.emitWithAck("late"), "late");
  await assert.rejects(ann.call("fail"), (error) => error instanceof HandlerError && /out of order/.test(error.message));
  await assert.rejects(ann.call("silent"), NoReplyError);
  await assert.rejects(ann.emit("nobody"), NoReplyError);

  assert.deepEqual(await chat.users("ann").emitResult("hi"), {
    ...(await chat.to("nowhere").emitResult("hi")),
    matched: 1,
    queued: 1,
  });
  const key = chat.to("lobby").idempotent("k");
  assert.equal((await key.emitResult("once")).duplicate, false);
  assert.equal((await key.emitResult("once")).duplicate, true);
  await hub.idle();
  assert.equal(ann.received.filter(({ event }) => event === "once").length, 1);
  const [info] = (await chat.users("ann").fetchSockets()).sockets;
  assert.deepEqual([info.user, info.rooms, info.data], ["ann", ["lobby"], { visits: 1 }]);
  const change = await chat.sockets(ann.id).setData({ more: null }, { merge: true, expectedVersion: 1 });
  assert.equal(change.dataVersion, 2);
  await assert.rejects(chat.sockets(ann.id).setData({}, { expectedVersion: 1 }), { reason: "DATA_VERSION" });
  await assert.rejects(chat.sockets(ann.id).join("x".repeat(300)), { code: "INVALID_ARGUMENT", reason: "ROOM_NAME" });

  await ann.expire();
  await bob.expire();
  assert.equal(ann.connected, true);
  assert.equal(bob.reason, "forced server close");
  await ann.disconnect();
  assert.deepEqual(seen, [
    ["forced server close", "authorization denied"],
    ["client namespace disconnect", ""],
  ]);
});

async function until(holds) {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
