// The emitter's calls: what they leave behind, and what they take.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";
import { test } from "node:test";
import { Emitter } from "@siohub/server/service";
import { FakeHub, quiet } from "./support/fake-hub.mjs";
import { until } from "./support/hub.mjs";

const { Http2Call, openSession } = createRequire(import.meta.url)("../dist/core/http2-call.js");

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
