// What this process says of itself, and what the hub may refuse by it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Server } from "@siohub/server";
import { Emitter, Service } from "@siohub/server/service";
import { FakeHub, quiet } from "./support/fake-hub.mjs";

test("the hello has what was asked for; a server's sockets stay with their process unless told otherwise", async (t) => {
  const hub = await FakeHub.start((call) => call.welcome());
  t.after(() => hub.stop());
  const hello = async (run, options = {}) => {
    const before = hub.calls.length;
    const running = run({ address: hub.address, logger: quiet, closeTimeout: 0, ...options });
    while (hub.calls.length === before) await new Promise((resolve) => setImmediate(resolve));
    const said = await hub.calls[before].hello();
    await running.close();
    return said;
  };
  const server = (options) => new Server({ hub: options }).listen();
  const service = (options) => {
    const made = new Service("chat", options);
    made.namespace("/").allowAnyone();
    made.run().catch(() => {});
    return made;
  };
  assert.equal((await hello(server)).keepSockets, true);
  assert.equal((await hello(server, { keepSockets: false })).keepSockets, false);
  assert.equal((await hello(service)).keepSockets, false);
  const full = await hello(service, {
    keepSockets: true,
    requiredCapabilities: ["recovery"],
    instanceId: "i-1",
    version: "v2",
    weight: 3,
    heartbeat: 7500,
    window: { deliveries: 7, bytes: 1 << 20, observations: 9 },
  });
  assert.equal(full.keepSockets, true);
  assert.deepEqual(full.requiredCapabilities, ["recovery"]);
  assert.deepEqual([full.group, full.instanceId, full.version, full.weight], ["chat", "i-1", "v2", 3]);
  assert.deepEqual(full.heartbeatInterval, { seconds: 7, nanos: 500_000_000 });
  const { deliveries, bytes, observations } = full.window;
  assert.deepEqual([deliveries, bytes, observations], [7, 1 << 20, 9]);
});

test("an option that there is not is refused by its name", () => {
  for (const make of [
    (options) => new Server({ hub: { namespaces: ["/"], ...options } }),
    (options) => new Service("chat", { workers: 8, ...options }),
    (options) => new Emitter(options),
  ]) {
    assert.throws(() => make({ adress: "127.0.0.1:1" }), {
      code: "CONFIG",
      option: "hub.adress",
      message: /there are address, /,
    });
  }
});
