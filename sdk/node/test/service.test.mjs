// The kit's own API against a real hub: what only the hub gives.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { Deny, Emitter, LeaseLostError, Retry, Service, TimeoutError, withTrace } from "@siohub/server/service";
import { io as connect } from "socket.io-client";
import { quiet } from "./support/fake-hub.mjs";
import { Hub, until } from "./support/hub.mjs";

let hub;
const clients = new Set();
before(async () => {
  hub = await Hub.start();
});
after(async () => {
  for (const client of clients) client.close();
  await hub.stop();
});

/** A service that is attached, and closed with the test. */
async function serve(t, group, make, options = {}) {
  const service = new Service(group, { address: hub.address, signals: false, logger: quiet, ...options });
  const made = make(service);
  const running = service.run();
  running.catch(() => {});
  t.after(() => service.close());
  await service.attached();
  return { service, made, running };
}

function browser(t, namespace, auth, options = {}) {
  const client = connect(`${hub.url}${namespace}`, { auth, transports: ["websocket"], forceNew: true, ...options });
  clients.add(client);
  t.after(() => client.close());
  return client;
}

async function joined(t, namespace, auth, options) {
  const client = browser(t, namespace, auth, options);
  await once(client, "connect");
  return client;
}

test("presence: users, rooms, counts and lists", async (t) => {
  const told = [];
  const { service, made } = await serve(t, "presence", (service) => {
    service.onIntroduced(() => told.push(["introduced"]));
    const people = service.namespace("/people");
    people.onConnect(({ auth }) => ({ user: auth.name, rooms: [`desk:${auth.desk}`, "all"] }));
    people.onUserPresent(({ user, namespace }) => void told.push(["present", user, namespace]));
    people.onUserAbsent(({ user }) => void told.push(["absent", user]));
    people.onRoomOccupied("desk:*", ({ room }) => void told.push(["occupied", room]));
    people.onRoomVacated(["desk:*", "nothing"], ({ room }) => void told.push(["vacated", room]));
    return people;
  });
  const has = (...fact) => told.some((one) => JSON.stringify(one) === JSON.stringify(fact));
  await until(() => has("introduced"), "the introduction");
  const ann = await joined(t, "/people", { name: "ann", desk: 1 });
  const again = await joined(t, "/people", { name: "ann", desk: 2 });
  await joined(t, "/people", { name: "bob", desk: 1 });
  await until(() => has("present", "bob", "/people") && has("occupied", "desk:2"), "presence");
  assert.equal(told.filter(([what, user]) => what === "present" && user === "ann").length, 1);
  assert.equal(told.filter(([what, room]) => what === "occupied" && room === "desk:1").length, 1);
  assert.equal(
    told.some(([, room]) => room === "all"),
    false,
  );

  assert.deepEqual(await service.countUsers("/people"), { count: 2, missing: [] });
  assert.deepEqual((await service.listUsers("/people")).users, [
    { id: "ann", count: 2 },
    { id: "bob", count: 1 },
  ]);
  assert.deepEqual((await service.listUsers("/people", "b")).users, [{ id: "bob", count: 1 }]);
  assert.deepEqual((await service.listRooms("/people", "desk:")).rooms, [
    { name: "desk:1", count: 2 },
    { name: "desk:2", count: 1 },
  ]);
  assert.equal((await made.users("ann").count()).count, 2);
  const { sockets } = await service.in("/people").users("bob").fetchSockets({ handshake: true });
  assert.deepEqual([sockets[0].user, sockets[0].rooms, sockets[0].transport], ["bob", ["all", "desk:1"], "websocket"]);
  assert.equal(sockets[0].handshake.query.EIO, "4");
  assert.ok(sockets[0].connectTime <= new Date());

  again.close();
  await until(() => has("vacated", "desk:2"), "the room is vacated");
  assert.equal(has("absent", "ann"), false);
  ann.close();
  await until(() => has("absent", "ann"), "the user is absent");
});

test("observers get copies of connects, events, emits, decisions and ends", async (t) => {
  const seen = [];
  await serve(t, "watcher", (service) => {
    const kinds = ["connected", "event", "disconnected", "emit", "decision"];
    service.observe("/watched", { kinds, payloads: true }, (observation) => void seen.push(observation));
    service.observe("/watched", { events: ["se*"], kinds: ["event"] }, ({ event }) => void seen.push(`only ${event.name}`));
  });
  const { made } = await serve(t, "worker", (service) => {
    const watched = service.namespace("/watched");
    watched.onConnect(({ auth }) => {
      if (!auth?.name) throw new Deny("no name");
      return { user: auth.name };
    });
    watched.on("say", (event) => event.reply("heard"));
    watched.on("secret", () => {});
    return watched;
  });
  const refused = browser(t, "/watched", {});
  await once(refused, "connect_error");
  const ann = await joined(t, "/watched", { name: "ann" });
  assert.equal(await ann.emitWithAck("say", { deep: [1] }, Buffer.from("xy")), "heard");
  ann.emit("secret");
  await made.users("ann").emitResult("news", 42);
  ann.close();
  const of = (kind) => seen.filter((one) => one.kind === kind);
  await until(() => of("disconnected").length === 1 && seen.includes("only secret"), "observations");
  assert.equal(seen.includes("only say"), false);
  const [said] = of("event");
  assert.equal(said.event.name, "say");
  assert.equal(said.event.wantsAck, true);
  assert.deepEqual(said.event.payload.decode(), [{ deep: [1] }, Buffer.from("xy")]);
  assert.equal(said.socket.user, "ann");
  assert.equal(said.gap, 0);
  assert.deepEqual(
    of("decision").map(({ decision }) => [decision.outcome, decision.by, decision.message]),
    [
      ["deny", "service", "no name"],
      ["accept", "service", ""],
    ],
  );
  const emitted = of("emit").find(({ event }) => event.name === "news");
  assert.deepEqual(emitted.emit, { group: "worker", matched: 1, queued: 1, dropped: 0 });
  assert.deepEqual(emitted.event.payload.decode(), [42]);
  assert.equal(of("connected").length, 1);
  assert.match(of("disconnected")[0].disconnected.reason, /client namespace disconnect|transport close/);
});

test("an observer that does not keep up is told how much it has missed", async (t) => {
  const seen = [];
  let release;
  const held = new Promise((resolve) => {
    release = resolve;
  });
  await serve(
    t,
    "slow",
    (service) =>
      service.observe("/fast", { kinds: ["event"] }, async (observation) => {
        seen.push(observation);
        await held;
      }),
    { window: { observations: 5 } },
  );
  await serve(t, "fast", (service) =>
    service
      .namespace("/fast")
      .allowAnyone()
      .on("*", (event) => event.reply(1)),
  );
  const ann = await joined(t, "/fast");
  for (let i = 0; i < 50; i++) await ann.emitWithAck("n", i);
  release();
  await until(() => seen.length >= 5, "the first observations");
  const before = seen.length;
  await ann.emitWithAck("last");
  await until(() => seen.length > before, "the one that counts");
  assert.equal(seen.length + seen.reduce((sum, { gap }) => sum + gap, 0), 51);
});

test("attempts are counted, retried elsewhere, and greet", async (t) => {
  const tries = [];
  const make = (name) => (service) => {
    const space = service.namespace("/tries", { handshake: "redacted" });
    space.onConnect((attempt) => {
      attempt.emit("first", attempt.namespace, attempt.socketId);
      return { data: { from: attempt.handshake.cookies.who } };
    });
    space.on("hard", (event) => {
      tries.push([name, event.attempt, event.dedupeId]);
      if (event.attempt < 3) throw new Retry({ elsewhere: true, delay: 1 });
      event.reply(event.attempt, event.socket.data);
    });
    return space;
  };
  await serve(t, "tries", make("one"), { instanceId: "one" });
  await serve(t, "tries", make("two"), { instanceId: "two" });
  const ann = browser(t, "/tries", undefined, { extraHeaders: { cookie: "a=b; who=ann" } });
  const order = [];
  ann.onAny((event) => order.push(event));
  const [where, id] = await once(ann, "first");
  assert.deepEqual([where, id], ["/tries", ann.id]);
  const answer = await new Promise((resolve) => ann.emit("hard", (...args) => resolve(args)));
  assert.deepEqual(answer, [3, { from: "ann" }]);
  assert.deepEqual(
    tries.map(([, attempt]) => attempt),
    [1, 2, 3],
  );
  assert.equal(new Set(tries.map(([, , dedupe]) => dedupe)).size, 1);
  assert.notEqual(tries[0][0], tries[1][0]);
  assert.equal(order[0], "first");
});

test("idempotency keys, results that count, versions of data", async (t) => {
  const { made } = await serve(t, "keys", (service) => {
    const space = service.namespace("/keys");
    space.onConnect(({ auth }) => ({ user: auth.name, rooms: ["room"], data: { n: 1 } }));
    return space;
  });
  const ann = await joined(t, "/keys", { name: "ann" });
  const got = [];
  ann.on("paid", (amount) => got.push(amount));
  const [info] = (await made.users("ann").fetchSockets()).sockets;
  const keyed = made.to("room").idempotent("payment 7");
  const first = await keyed.emitResult("paid", 7);
  assert.deepEqual([first.matched, first.queued, first.duplicate], [1, 1, false]);
  const second = await keyed.emitResult("paid", 7);
  assert.deepEqual([second.matched, second.duplicate], [1, true]);
  assert.equal((await made.to("nobody").emitResult("paid", 1)).matched, 0);
  await made
    .users("ann")
    .emitWithAck(1, "paid", 8)
    .catch((error) => assert.ok(error instanceof TimeoutError));
  await until(() => got.includes(8), "the last emit");
  assert.deepEqual(got, [7, 8]);

  const one = made.sockets(info.id);
  assert.equal(info.dataVersion, 1);
  const changed = await one.setData({ m: 2 }, { merge: true, expectedVersion: info.dataVersion });
  assert.deepEqual((await one.fetchSockets()).sockets[0].data, { n: 1, m: 2 });
  await assert.rejects(one.setData({}, { expectedVersion: info.dataVersion }), { code: "FAILED_PRECONDITION" });
  assert.ok(changed.dataVersion > info.dataVersion);
});

test("an authorization ends, is asked about and renewed, or revoked", async (t) => {
  const asked = [];
  const left = [];
  const { service } = await serve(t, "expiry", (service) => {
    const space = service.namespace("/expiry");
    space.onConnect(({ auth }) => ({
      user: auth.name,
      expires: new Date(Date.now() + 700),
      refreshBefore: 600,
      keepAuth: true,
    }));
    space.onExpiring(({ socket, expires }) => {
      asked.push([socket.user, expires > new Date()]);
      if (socket.user === "bob") throw new Deny();
      return { expires: new Date(Date.now() + 60_000), data: { renewed: true } };
    });
    space.onDisconnect(({ socket, reason, detail }) => void left.push([socket.user, reason, detail]));
    return space;
  });
  const ann = await joined(t, "/expiry", { name: "ann" }, { reconnection: false });
  const bob = await joined(t, "/expiry", { name: "bob" }, { reconnection: false });
  await once(bob, "disconnect");
  await until(() => left.length === 1 && asked.length >= 2, "the renewals");
  assert.deepEqual(left, [["bob", "forced server close", "authorization denied"]]);
  assert.ok(asked.every(([, ahead]) => ahead));
  assert.equal(ann.connected, true);
  assert.deepEqual((await service.in("/expiry").users("ann").fetchSockets()).sockets[0].data, { renewed: true });
  const gone = once(ann, "disconnect");
  assert.equal((await service.revoke({ users: ["ann"] })).matched, 1);
  await gone;
  await until(() => left.length === 2, "the revocation");
  assert.deepEqual(left[1], ["ann", "forced server close", "revoked"]);
});

test("services call each other; what one leaves open another acknowledges", async (t) => {
  let open;
  const make = (name) => (service) => {
    const space = service.namespace("/calls").allowAnyone();
    space.onCall("add", ({ args, group, wantsAnswer }) => {
      if (args[0] === "fail") throw new Error("no numbers");
      return [name, args[0] + args[1], group, wantsAnswer];
    });
    space.on("later", (event) => {
      event.ackLater();
      open = [name, event.dedupeId];
    });
    return space;
  };
  const one = await serve(t, "calls", make("one"));
  const two = await serve(t, "calls", make("two"));
  const { service } = await serve(t, "caller", (service) => service);
  const answers = await service.call("calls", "/calls", "add", [1, 2], 5000);
  assert.deepEqual([answers.expected, answers.answered, answers.failed, answers.timedOut], [2, 2, 0, 0]);
  assert.deepEqual(answers.answers.map(({ payload }) => payload.decode()).sort(), [
    ["one", 3, "caller", true],
    ["two", 3, "caller", true],
  ]);
  const failed = await service.call("calls", "/calls", "add", ["fail"], 5000);
  assert.equal(failed.failed, 2);
  assert.match(failed.answers[0].error.message, /no numbers/);
  assert.equal((await service.tell("calls", "/calls", "add", [1, 2])).matched, 2);
  assert.equal((await service.tell("nobody", "/calls", "add")).matched, 0);

  const ann = await joined(t, "/calls");
  const answer = ann.emitWithAck("later");
  await until(() => open !== undefined, "the event");
  const other = open[0] === "one" ? two.service : one.service;
  await other.acknowledge(open[1], "late", "answer");
  assert.equal(await answer, "late");
  await assert.rejects(other.acknowledge(open[1], "again"), { code: "NOT_FOUND" });
});

test("commands belong to their delivery, and carry its trace context", async (t) => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const seen = {};
  const { made } = await serve(t, "traces", (service) => {
    const space = service.namespace("/traces", { settleTimeout: 1000 }).allowAnyone();
    space.onCall("trace", ({ traceparent }) => {
      seen.call = traceparent;
    });
    space.on("slow", async (event) => {
      if (event.attempt > 1) return event.reply("second");
      await once(event.signal, "abort");
      seen.lost = await space
        .all()
        .emitResult("too late")
        .catch((error) => error);
    });
    return space;
  });
  const { service } = await serve(t, "traced", (service) => service);
  await withTrace(traceparent, () => service.tell("traces", "/traces", "trace"));
  await until(() => seen.call !== undefined, "the call");
  assert.equal(seen.call.slice(0, 35), traceparent.slice(0, 35));
  const ann = await joined(t, "/traces");
  const late = [];
  ann.on("too late", () => late.push(1));
  assert.equal(await ann.emitWithAck("slow"), "second");
  await until(() => seen.lost !== undefined, "the lost try");
  assert.ok(seen.lost instanceof LeaseLostError);
  assert.equal(seen.lost.reason, "TIMEOUT");
  await made.all().emitResult("end");
  assert.deepEqual(late, []);
});

test("a service that drains settles what it has; another goes on", async (t) => {
  let release;
  const held = new Promise((resolve) => {
    release = resolve;
  });
  let working = false;
  const make = (name) => (service) => {
    const space = service.namespace("/drain").allowAnyone();
    space.on("work", async (event) => {
      working = true;
      if (event.args[0]) await held;
      event.reply(name);
    });
    return space;
  };
  const one = await serve(t, "drain", make("one"));
  const ann = await joined(t, "/drain");
  const answer = ann.emitWithAck("work", true);
  await until(() => working, "the handler");
  await serve(t, "drain", make("two"));
  const closing = one.service.close();
  release();
  assert.equal(await answer, "one");
  await closing;
  await one.running;
  assert.equal(await ann.emitWithAck("work", false), "two");
  assert.deepEqual(one.service.hubs, []);
});

test("what the hub warns of is told, hubs and capabilities are known", async (t) => {
  const warned = [];
  const { service } = await serve(t, "warned", (service) => {
    service.onWarning((kind, error, hubId) => warned.push([kind, error?.reason, hubId]));
    service
      .namespace("/warned")
      .allowAnyone()
      .on("known", () => {});
    return service;
  });
  const [status] = service.hubs;
  assert.deepEqual([status.address, status.attached, status.home, status.error], [hub.address, true, true, undefined]);
  assert.ok(status.since instanceof Date);
  assert.equal(service.capable("of.tomorrow"), false);
  service.in("/warned").to("\u0001reserved").emit("x");
  await until(() => warned.length > 0, "the warning");
  assert.equal(warned[0][0], "COMMAND_FAILED");
  assert.equal(warned[0][2], status.hubId);
});

test("an emitter needs no stream: commands, acknowledgements and queries by single calls", async (t) => {
  await serve(t, "emitted", (service) => {
    const space = service.namespace("/emitted");
    space.onConnect(({ auth }) => ({ user: auth.name, rooms: ["lobby"] }));
    space.onCall("double", ({ args }) => args[0] * 2);
    return space;
  });
  const ann = await joined(t, "/emitted", { name: "ann" });
  const got = [];
  ann.onAny((event, ...args) => got.push([event, ...args.filter((arg) => typeof arg !== "function")]));
  ann.on("question", (n, done) => done(n + 1));
  for (const transport of ["http2", "grpc-js"]) {
    got.length = 0;
    const emitter = new Emitter({ address: hub.address, transport, logger: quiet });
    const space = emitter.in("/emitted");
    for (let i = 0; i < 3; i++) space.to("lobby").emit("n", i, Buffer.from("x"));
    const { matched } = await space.users("ann").emitResult("last");
    assert.equal(matched, 1);
    assert.deepEqual((await space.users("ann").emitWithAck(5000, "question", 20)).acks, [{ socketId: ann.id, args: [21] }]);
    const each = [];
    await space.all().emitEach(5000, "question", [1], (id, args) => each.push([id, args]));
    assert.deepEqual(each, [[ann.id, [2]]]);
    assert.deepEqual(got, [
      ["n", 0, Buffer.from("x")],
      ["n", 1, Buffer.from("x")],
      ["n", 2, Buffer.from("x")],
      ["last"],
      ["question", 20],
      ["question", 1],
    ]);
    await space.sockets(ann.id).join(`by ${transport}`);
    assert.deepEqual((await space.to("lobby").fetchSockets()).sockets[0].rooms.includes(`by ${transport}`), true);
    assert.equal((await space.all().count()).count, 1);
    assert.deepEqual((await emitter.listUsers("/emitted")).users, [{ id: "ann", count: 1 }]);
    assert.equal((await emitter.countUsers("/emitted")).count, 1);
    assert.deepEqual((await emitter.listRooms("/emitted", "lob")).rooms, [{ name: "lobby", count: 1 }]);
    await assert.rejects(space.sockets(ann.id).join("x".repeat(300)), { field: "update_rooms.join[0]" });
    space.all().emit("said at the end");
    await emitter.close();
    await until(() => got.some(([event]) => event === "said at the end"), "what was said before the close");
  }
});

test("an emitter waits for a hub that is away, and gives up in time", async () => {
  const emitter = new Emitter({ address: "127.0.0.1:1", commandTimeout: 50, backoff: { min: 1, max: 5 }, logger: quiet });
  await assert.rejects(emitter.in("/").all().emitResult("x"), { code: "UNAVAILABLE" });
  await emitter.close();
  assert.throws(() => emitter.in("/").all().emit("x"), { code: "CLOSED" });
});
