// What an application does wrong is an exception at the call, as with socket.io itself or with the hub's reason and field; it
// never ends a stream or a browser's connection.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { Server } from "@siohub/server";
import { Service } from "@siohub/server/service";
import { Server as Reference } from "socket.io";
import { io as connect } from "socket.io-client";
import { quiet } from "./support/fake-hub.mjs";
import { Hub, until } from "./support/hub.mjs";

const cycle = {};
cycle.self = cycle;
const deep = JSON.parse(`${'{"a":'.repeat(2000)}1${"}".repeat(2000)}`);
const values = {
  nan: Number.NaN,
  infinity: [Number.POSITIVE_INFINITY, -0],
  cycle,
  bigint: 10n,
  "a bigint inside": { a: [10n] },
  undefined: undefined,
  "a function inside": { f() {} },
  symbol: Symbol("x"),
  "a lone surrogate": "a\ud800b",
  "a lone surrogate as a key": { "\udc00": 1 },
  "a getter that throws": {
    get a() {
      throw new Error("getter");
    },
  },
  "a toJSON that throws": {
    toJSON() {
      throw new Error("json");
    },
  },
  "a toJSON with bytes": { toJSON: () => ({ bytes: Buffer.from("x") }) },
  "a map and a set": [new Map([[1, 2]]), new Set([1])],
  "a date": new Date(0),
  "bytes in odd places": {
    a: [{ b: Buffer.from("x") }, new DataView(new ArrayBuffer(3)), new Float64Array(2)],
    c: new ArrayBuffer(1),
  },
  "a view of a part": new Uint8Array(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2),
  "what looks like a seat": { _placeholder: true, num: 0 },
  "an object without a prototype": Object.assign(Object.create(null), { a: 1 }),
  "an error": new Error("e"),
};
const names = ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener", "error", "ping"];

let hub;
let reference;
let kit;
const warnings = [];

/** A server with one browser. */
async function serve(Class, options, urlOf) {
  const http = createServer();
  const io = new Class(http, options);
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const joined = new Promise((resolve) => io.once("connection", resolve));
  const client = connect(urlOf(http.address().port), { transports: ["websocket"], forceNew: true });
  const socket = await joined;
  if (!client.connected) await once(client, "connect");
  const side = { io, socket, client, got: [], ends: [] };
  client.onAny((event, ...args) => side.got.push([event, args]));
  client.on("disconnect", (reason) => side.ends.push(reason));
  return side;
}

before(async () => {
  hub = await Hub.start();
  const note = (...words) => warnings.push(words);
  const logger = { ...quiet, warn: note, error: note };
  reference = await serve(Reference, {}, (port) => `http://127.0.0.1:${port}`);
  kit = await serve(Server, { hub: { address: hub.address, signals: false, logger } }, () => hub.url);
});
after(async () => {
  for (const { client, io } of [reference, kit]) {
    client.close();
    await io.close();
  }
  await hub.stop();
});

/** What comes of an emit: what was thrown, and what the browser got. */
async function outcome(side, emit) {
  side.got.length = 0;
  let thrown;
  try {
    emit(side);
  } catch (error) {
    thrown = error;
  }
  side.io.emit("marker");
  await until(() => side.got.at(-1)?.[0] === "marker", "the marker");
  return { thrown, got: side.got.slice(0, -1) };
}

for (const [name, value] of Object.entries(values)) {
  test(`${name}: as socket.io does`, async () => {
    for (const emit of [({ io }) => io.emit("v", value), ({ socket }) => socket.emit("v", 1, value)]) {
      const [theirs, ours] = [await outcome(reference, emit), await outcome(kit, emit)];
      assert.equal(ours.thrown === undefined, theirs.thrown === undefined);
      assert.deepEqual(ours.got, theirs.got);
      if (name !== "cycle") assert.equal(ours.thrown?.message, theirs.thrown?.message);
    }
    assert.deepEqual(kit.ends, []);
  });
}

test("names that are reserved: as socket.io does", async () => {
  for (const name of names) {
    const emit = ({ io }) => io.emit(name, 1);
    const [theirs, ours] = [await outcome(reference, emit), await outcome(kit, emit)];
    assert.equal(ours.thrown?.message, theirs.thrown?.message);
    assert.deepEqual(ours.got, theirs.got);
  }
});

test("what only the hub bounds has its reason and field", async () => {
  const refused = async (emit, expected) => {
    const { thrown, got } = await outcome(kit, emit);
    assert.deepEqual(got, []);
    const { code, reason, field } = thrown ?? {};
    assert.deepEqual({ code, reason, field }, expected);
  };
  const invalid = (reason, field) => ({ code: "INVALID_ARGUMENT", reason, field });
  await refused(({ io }) => io.emit("v", cycle), invalid("DEPTH", "payload.args"));
  await refused(({ socket }) => socket.emit("v", deep), invalid("DEPTH", "payload.args"));
  await refused(({ io }) => io.emit("", 1), invalid("EMPTY_EVENT", "emit.event"));
  await refused(({ socket }) => socket.join(["a", ""]), invalid("EMPTY_NAME", "update_rooms.join[1]"));
  await refused(({ io }) => io.socketsJoin("\u0001x"), invalid("RESERVED_ROOM", "update_rooms.join[0]"));
  await refused(({ io }) => io.to("\u0001x").emit("v"), invalid("RESERVED_ROOM", "target.rooms[0]"));
  await refused(({ io }) => io.except("\u0001x").emit("v"), invalid("RESERVED_ROOM", "target.except_rooms[0]"));
  const large = { code: "RESOURCE_EXHAUSTED", reason: "ENVELOPE_TOO_LARGE", field: "" };
  await refused(({ io }) => io.emit("v", "x".repeat(5 << 20)), large);
  await refused(({ socket }) => socket.emit("v", Buffer.alloc(5 << 20)), large);
  assert.deepEqual([...kit.socket.rooms], [kit.socket.id], "a room that is refused is not joined");
  assert.deepEqual((await outcome(kit, ({ io }) => io.to("").emit("v"))).got, []);
  assert.deepEqual(kit.ends, []);
});

test("a name that is too long for the hub is told with its limit, and the room is left again", async () => {
  warnings.length = 0;
  const long = "x".repeat(300);
  await outcome(kit, ({ io, socket }) => {
    io.emit(long, 1);
    socket.join(long);
  });
  await until(() => warnings.length === 2, "both warnings");
  assert.deepEqual(warnings.map(([, { reason, field }]) => [reason, field]).sort(), [
    ["EVENT_NAME_BYTES", "emit.event"],
    ["ROOM_BYTES", "update_rooms.join[0]"],
  ]);
  await until(() => !kit.socket.rooms.has(long), "the room is left");
});

test("acknowledgements: twice, too large, not to be encoded", async () => {
  const thrown = [];
  kit.socket.on("ack", (how, done) => {
    const tries = {
      twice: () => done(1) ?? done(2),
      large: () => done("x".repeat(5 << 20)),
      bigint: () => done(1n),
      cycle: () => done(cycle),
      later: () => setImmediate(() => done(1) ?? done(2)),
      "large later": () => {
        setImmediate(() => {
          try {
            done("x".repeat(5 << 20));
          } catch (error) {
            thrown.push(error.reason);
          }
        });
      },
    };
    try {
      tries[how]();
    } catch (error) {
      thrown.push(error.reason ?? error.name);
    }
  });
  assert.equal(await kit.client.emitWithAck("ack", "twice"), 1);
  assert.equal(await kit.client.emitWithAck("ack", "later"), 1);
  for (const how of ["large", "bigint", "cycle", "large later"]) {
    const count = thrown.length;
    kit.client.emit("ack", how, () => assert.fail("nothing was acknowledged"));
    await until(() => thrown.length > count, how);
  }
  assert.deepEqual(thrown, ["ENVELOPE_TOO_LARGE", "TypeError", "DEPTH", "ENVELOPE_TOO_LARGE"]);
  assert.equal(await kit.client.emitWithAck("ack", "twice"), 1);
});

test("what JSON cannot hold stays out of socket.data, with a word", async () => {
  warnings.length = 0;
  kit.socket.data.n = 1n;
  await until(() => warnings.length > 0, "the warning");
  assert.match(warnings[0][0], /socket.data stays with this process/);
  assert.equal(kit.socket.data.n, 1n);
  delete kit.socket.data.n;
  assert.deepEqual(kit.ends, []);
});

test("the kit's own API: reason and field at the call", async (t) => {
  const service = new Service("bad", { address: hub.address, signals: false, logger: quiet });
  const space = service.namespace("/bad").allowAnyone();
  let twice;
  space.on("twice", (event) => {
    event.reply(1);
    try {
      event.reply(2);
    } catch (error) {
      twice = error;
    }
  });
  const fine = space.all();
  await assert.rejects(fine.emitResult("v"), { code: "CLOSED" });
  service.run().catch(() => {});
  t.after(() => service.close());
  await service.attached();
  const refusals = [
    [() => fine.emitResult("", 1), "EMPTY_EVENT", "emit.event"],
    [() => fine.emitResult("connect", 1), "RESERVED_EVENT", "emit.event"],
    [() => fine.emitResult("v", 1n), "BAD_JSON", "payload.args"],
    [() => fine.emitResult("v", cycle), "DEPTH", "payload.args"],
    [() => fine.emitResult("x".repeat(200)), "EVENT_NAME_BYTES", "emit.event"],
    [() => fine.emitResult("v", "x".repeat(5 << 20)), "ENVELOPE_TOO_LARGE", ""],
    [() => service.in("/bad").emitResult("v"), "EMPTY_TARGET", "target"],
    [() => fine.join(""), "EMPTY_NAME", "update_rooms.join[0]"],
    [() => fine.join("x".repeat(300)), "ROOM_BYTES", "update_rooms.join[0]"],
    [() => fine.setData(1n), "BAD_JSON", "set_data.data"],
    [() => fine.emitWithAck(0, "v"), "BAD_TIMEOUT", "emit.ack.timeout"],
  ];
  for (const [call, reason, field] of refusals) {
    const error = await Promise.resolve()
      .then(call)
      .catch((error) => error);
    assert.deepEqual([error.reason, error.field], [reason, field], String(call));
  }
  const client = connect(`${hub.url}/bad`, { transports: ["websocket"], forceNew: true });
  t.after(() => client.close());
  assert.equal(await client.emitWithAck("twice"), 1);
  assert.equal(twice.reason, "ALREADY_SETTLED");
});
