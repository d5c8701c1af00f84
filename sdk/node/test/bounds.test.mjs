// What waits is bounded, and what finds no place is told.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";
import { test } from "node:test";
import { Server } from "@siohub/server";
import { attach, FakeHub, quiet } from "./support/fake-hub.mjs";
import { until } from "./support/hub.mjs";

const { request } = createRequire(import.meta.url)("../dist/core/line.js");

const MOST = 65_536;
const op = { $case: "emit", emit: { event: "e" } };
const commands = (call) => call.said.reduce((sum, { actions }) => sum + actions.filter(({ kind }) => kind?.command).length, 0);

test("what is said while a stream is broken is bounded, and dropped with a word", async (t) => {
  let release;
  const released = new Promise((resolve) => {
    release = resolve;
  });
  const hub = await FakeHub.start(
    (call) => call.welcome(),
    async (call) => {
      await released;
      await call.welcome();
    },
  );
  t.after(() => hub.stop());
  const told = attach(hub.address);
  t.after(() => told.core.abort());
  await until(() => told.attached.length === 1, "the stream");
  hub.calls[0].stream.session.destroy();
  await until(() => told.detached.length === 1, "its end");
  told.warnings.length = 0;
  for (let i = 0; i < MOST + 9; i++) told.core.line.tell({ op });
  await assert.rejects(request(told.core.line, { op }), { code: "UNAVAILABLE" });
  const dropped = told.warnings.filter(([message]) => message.includes("commands are dropped"));
  assert.deepEqual(
    dropped.map(([, { count }]) => count),
    [1],
  );
  release();
  await until(() => hub.calls[1] && commands(hub.calls[1]) === MOST, "all that found a place");
});

test("commands that wait for a place in the hub's window are bounded", async (t) => {
  const hub = await FakeHub.start((call) => call.welcome({ commandWindow: 2 }));
  t.after(() => hub.stop());
  const told = attach(hub.address);
  t.after(() => told.core.abort());
  await until(() => told.attached.length === 1, "the stream");
  let lost = 0;
  const ask = () => told.core.line.ask({ op }, { done() {}, lost: () => lost++ });
  for (let i = 0; i < MOST + 2; i++) ask();
  assert.throws(ask, { code: "UNAVAILABLE", message: /too many commands wait/ });
  told.core.abort();
  await until(() => lost === MOST + 2, "an error for each of them");
});

test("a socket's methods do not throw once the server is closed, or too much waits", async (t) => {
  const connected = {
    deliverySeq: 1,
    subscriptionId: 2,
    attempt: 1,
    socket: { id: "s-1", namespace: "/", clientId: "c-1", hubId: "h-1" },
    body: { $case: "connected", connected: { late: true } },
  };
  const hub = await FakeHub.start(async (call) => {
    await call.welcome();
    call.send([{ kind: { $case: "delivery", delivery: connected } }]);
  });
  t.after(() => hub.stop());
  const warnings = [];
  const logger = { ...quiet, warn: (...words) => warnings.push(words) };
  const io = new Server({ hub: { address: hub.address, signals: false, closeTimeout: 100, logger } }).listen();
  const [socket] = await once(io, "connection");
  for (let i = 0; i < MOST + 9; i++) socket.emit("question", () => {});
  assert.deepEqual(
    warnings.map(([message, { count }]) => [message, count]),
    [["commands are dropped", 1]],
  );
  socket.timeout(1).emit("question", (error) => {
    socket.answered = error.message;
  });
  await until(() => socket.answered === "operation has timed out", "the time-out of one that found no place");
  await io.close();
  socket.join("room");
  socket.emit("late", () => {});
  io.to("room")
    .timeout(1)
    .emit("late", (error) => {
      io.answered = error;
    });
  await until(() => io.answered, "an error for who waits for acknowledgements");
});
