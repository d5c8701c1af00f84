// What happens to hubs: one that is restarted, one that is not there yet, an address that is no hub's.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Server } from "@siohub/server";
import { Service } from "@siohub/server/service";
import { io } from "socket.io-client";
import { Hub, until } from "./support/hub.mjs";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

test("a hub that is lost is a transport error of its sockets, and browsers come back", async () => {
  const hub = await Hub.start();
  const server = new Server({ hub: { address: hub.address, signals: false, logger: quiet } });
  const gone = [];
  const came = [];
  server.on("connection", (socket) => {
    came.push(socket.moved);
    socket.on("disconnect", (reason, description) => gone.push([reason, description]));
    socket.on("echo", (value, done) => done(value));
  });
  server.listen();
  const client = io(hub.url, { reconnectionDelay: 10, reconnectionDelayMax: 100 });
  await once(client, "connect");
  await until(() => came.length === 1, "connection");
  await hub.restart("SIGKILL");
  await until(() => gone.length === 1 && came.length === 2, "its end, and its return");
  assert.deepEqual(gone, [["transport error", "hub lost"]]);
  assert.deepEqual(came, [false, false]);
  assert.equal(await client.emitWithAck("echo", 1), 1);
  client.disconnect();
  await until(() => gone.length === 2, "the second end");
  await server.close();
  await hub.stop();
});

test("what is emitted before there is a hub arrives once there is one", async () => {
  const hub = await Hub.start();
  await hub.stop();
  const warnings = [];
  const logger = { ...quiet, warn: (message) => warnings.push(message) };
  const service = new Service("early", { address: hub.address, signals: false, logger, backoff: { max: 100 } });
  const all = service.namespace("/").allowAnyone().all();
  const running = service.run();
  const counting = all.count();
  await hub.restart();
  assert.deepEqual(await counting, { count: 0, missing: [] });
  assert.equal(warnings[0], "no hub");
  assert.equal(warnings.at(-1), "attached"); // who reads warnings alone hears of its end
  await service.close();
  await running;
  await hub.stop();
});

test("the port for browsers is recognised", async () => {
  const hub = await Hub.start();
  const service = new Service("wrong", { address: hub.url.slice("http://".length), signals: false, logger: quiet });
  service.namespace("/").allowAnyone();
  await assert.rejects(service.run(), { code: "CONFIG", message: /answers HTTP, not gRPC/ });
  assert.throws(() => new Service("wrong", { address: hub.url }), { code: "CONFIG", message: /address for browsers/ });
  await hub.stop();
});

test("what the hub refuses has its code, reason and field", async () => {
  const hub = await Hub.start();
  const service = new Service("refused", { address: hub.address, signals: false, logger: quiet });
  const root = service.namespace("/").allowAnyone();
  const running = service.run();
  await service.attached();
  await assert.rejects(root.to("a").join("\u0001user:x"), { code: "INVALID_ARGUMENT", reason: "RESERVED_ROOM" });
  await assert.rejects(root.emitResult("e"), { reason: "EMPTY_TARGET" });
  await assert.rejects(root.all().emitResult("disconnect"), { reason: "RESERVED_EVENT" });
  await assert.rejects(root.all().emitResult("e", "x".repeat(5 << 20)), { reason: "ENVELOPE_TOO_LARGE" });
  await service.close();
  await running;
  await hub.stop();
});

test("a browser that changes its transport while middlewares run is on the new one in connection", async () => {
  const hub = await Hub.start();
  const server = new Server({ hub: { address: hub.address, signals: false, logger: quiet } });
  let upgraded;
  const changed = new Promise((resolve) => {
    upgraded = resolve;
  });
  server.use((_socket, next) => void changed.then(() => next()));
  const seen = once(server, "connection").then(([socket]) => socket.conn.transport.name);
  server.listen();
  const client = io(hub.url, { forceNew: true });
  client.io.once("open", () => client.io.engine.once("upgrade", upgraded));
  assert.equal(await seen, "websocket");
  client.disconnect();
  await server.close();
  await hub.stop();
});

test("a socket that came from another process is not told again, and its end is when the hub is lost", async () => {
  const hub = await Hub.start();
  const heard = [];
  const start = async (name) => {
    const service = new Service("moves", { address: hub.address, signals: false, logger: quiet, instanceId: name });
    service
      .namespace("/")
      .allowAnyone()
      .onConnected(({ socket }) => heard.push(["connected", name, socket.id]))
      .onDisconnect(({ socket, reason }) => heard.push([reason, name, socket.id]))
      .on("who", (event) => event.reply(name));
    const running = service.run();
    await service.attached();
    return { service, running };
  };
  const one = await start("one");
  const client = io(hub.url, { reconnectionDelay: 10, reconnectionDelayMax: 100 });
  await once(client, "connect");
  const { id } = client;
  await until(() => heard.length === 1, "its introduction");
  const two = await start("two");
  await one.service.close();
  await one.running;
  assert.equal(await client.emitWithAck("who"), "two");
  await hub.restart("SIGKILL");
  await once(client, "connect");
  await until(() => heard.length === 3, "its end, and its return");
  assert.deepEqual(heard.slice(0, 2), [
    ["connected", "one", id],
    ["hub lost", "two", id],
  ]);
  assert.deepEqual(heard[2].slice(0, 2), ["connected", "two"]);
  client.disconnect();
  await two.service.close();
  await two.running;
  await hub.stop();
});
