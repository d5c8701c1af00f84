// The emitter's calls: what they leave behind, and what they take.
import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { createRequire } from "node:module";
import { test } from "node:test";
import { Emitter } from "@siohub/server/service";
import { FakeHub, quiet } from "./support/fake-hub.mjs";
import { until } from "./support/hub.mjs";

const { Http2Call, openSession } = createRequire(import.meta.url)("../dist/core/http2-call.js");

const MOST = 65_536;
const OK = { code: 0, details: "" };
const BROKEN = { code: 14, details: "the connection was lost" };

/** An emitter whose connections and calls the test plays. */
function played(options = {}) {
  const connections = [];
  const connect = () => {
    const connection = { calls: [], closed: false };
    connections.push(connection);
    const call = (token) => {
      const made = Object.assign(new EventEmitter(), { token, write: () => true, end() {} });
      connection.calls.push(made);
      return made;
    };
    return { call, close: () => Object.assign(connection, { closed: true }) };
  };
  const emitter = new Emitter({ transport: { connect }, backoff: { min: 1, max: 5 }, logger: quiet, ...options });
  return { emitter, everybody: emitter.in("/").all(), connections };
}

test("calls leave nothing at their connection", async (t) => {
  const hub = await FakeHub.start((call) => call.end({ "grpc-status": "0" }));
  t.after(() => hub.stop());
  const session = await openSession({ tls: undefined }, hub.address, 5000);
  t.after(() => session.destroy());
  const before = session.listenerCount("error");
  const calls = Array.from({ length: 20 }, () => new Http2Call(session, "/x", undefined));
  for (const call of calls) call.end();
  await Promise.all(calls.map((call) => once(call, "status")));
  await until(() => session.listenerCount("error") === before, "the end of all listeners");
});

test("many calls at a time are no leak to Node", async (t) => {
  const warnings = [];
  const warned = (warning) => warnings.push(warning);
  process.on("warning", warned);
  t.after(() => process.off("warning", warned));
  const hub = await FakeHub.start(() => {
    if (hub.calls.length === 20) for (const call of hub.calls) call.end({ "grpc-status": "0" });
  });
  t.after(() => hub.stop());
  const emitter = new Emitter({ address: hub.address, logger: quiet });
  const everybody = emitter.in("/").all();
  await Promise.all(Array.from({ length: 20 }, () => everybody.emitWithAck(1000, "question")));
  await emitter.close();
  assert.deepEqual(warnings, []);
});

test("a connection that broke takes no newer one with it", async () => {
  const { emitter, everybody, connections } = played();
  const first = everybody.emitWithAck(1000, "first");
  const second = everybody.emitWithAck(1000, "second");
  await until(() => connections[0]?.calls.length === 2, "two calls");
  connections[0].calls[0].emit("status", BROKEN);
  await assert.rejects(first, { code: "OUTCOME_UNKNOWN" });
  const third = everybody.emitWithAck(1000, "third");
  await until(() => connections[1]?.calls.length === 1, "a call over another connection");
  connections[0].calls[1].emit("status", BROKEN);
  await assert.rejects(second, { code: "OUTCOME_UNKNOWN" });
  connections[1].calls[0].emit("status", OK);
  await third;
  await emitter.close();
  assert.deepEqual(
    connections.map(({ closed }) => closed),
    [true, true],
  );
});

test("emits whose acknowledgements are waited for are bounded", async () => {
  const { emitter, everybody, connections } = played();
  const asked = Array.from({ length: MOST }, () => everybody.emitWithAck(1000, "question"));
  await until(() => connections[0]?.calls.length === MOST, "all calls");
  await assert.rejects(everybody.emitWithAck(1000, "one more"), { code: "UNAVAILABLE", message: /too many commands/ });
  for (const call of connections[0].calls) call.emit("status", OK);
  await Promise.all(asked);
  const again = everybody.emitWithAck(1000, "one more");
  await until(() => connections[0].calls.length === MOST + 1, "the call of another one");
  connections[0].calls[MOST].emit("status", OK);
  await again;
  await emitter.close();
});

test("a token that does not come is an error", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const { emitter, everybody } = played({ token: () => new Promise(() => {}), commandTimeout: 1 });
  const asked = everybody.emitResult("x");
  const refused = assert.rejects(asked, { code: "UNAVAILABLE", message: /no token within 5 s/ });
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  t.mock.timers.tick(5000);
  await refused;
  t.mock.timers.reset();
  await emitter.close();
});

test("a token that the hub refuses is looked up again, and shown on the same connection", async () => {
  const EXPIRED = { code: 16, details: "expired" };
  const tokens = ["first", "second", "second"];
  const { emitter, everybody, connections } = played({ token: () => tokens.shift() });
  const answered = async (n, status) => {
    const call = await until(() => connections[0]?.calls[n], `call ${n}`);
    call.emit("status", status);
    return call.token;
  };
  const emitted = everybody.emitResult("x");
  assert.equal(await answered(0, EXPIRED), "first");
  assert.equal(await answered(1, OK), "second");
  await emitted;
  const refused = assert.rejects(everybody.emitResult("y"), { code: "UNAUTHENTICATED" });
  assert.equal(await answered(2, EXPIRED), "second");
  await refused;
  assert.deepEqual([connections.length, connections[0].calls.length], [1, 3]);
  await emitter.close();
});
