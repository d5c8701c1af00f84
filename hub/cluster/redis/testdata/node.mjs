// A Node server of a cluster, with clients of its own, that does what it is told: a line of JSON {id, js} is the body of an
// asynchronous function, and its value comes back as {id, value} or {id, error}. Binary is {"$bin": base64} there.
//
//   node node.mjs ENGINE REDIS_URL [recovery]
import { createInterface } from "node:readline";
import { createServer } from "node:http";
import { createClient } from "redis";
import { Server } from "socket.io";
import { io as connect } from "socket.io-client";
import { createAdapter as classic, createShardedAdapter as sharded } from "@socket.io/redis-adapter";
import { createAdapter as streams } from "@socket.io/redis-streams-adapter";
import { createAdapter as oldStreams } from "@socket.io/redis-streams-adapter-0.2";
import { Emitter } from "@socket.io/redis-emitter";

const [engine, url, recovery] = process.argv.slice(2);
const client = async () => {
  const c = createClient({ url });
  c.on("error", () => {});
  await c.connect();
  return c;
};
const pub = await client();
const adapters = {
  redis: async () => classic(pub, await client(), { requestsTimeout: 2000 }),
  "redis-specific": async () => classic(pub, await client(), { requestsTimeout: 2000, publishOnSpecificResponseChannel: true }),
  "redis-sharded": async () => sharded(pub, await client()),
  "redis-sharded-static": async () => sharded(pub, await client(), { subscriptionMode: "static" }),
  "redis-sharded-private": async () => sharded(pub, await client(), { subscriptionMode: "dynamic-private" }),
  "redis-streams": async () => streams(pub, { blockTimeInMs: 200 }),
  "redis-streams-sharded": async () => streams(pub, { blockTimeInMs: 200, useShardedPubSub: true }),
  "redis-streams-plaintext": async () => streams(pub, { blockTimeInMs: 200, onlyPlaintext: true }),
  "redis-streams-0.2": async () => oldStreams(await client(), {}),
};
const http = createServer();
const io = new Server(http, { adapter: await adapters[engine](), ...(recovery && { connectionStateRecovery: {} }) });
io.of("/chat");
await new Promise((done) => http.listen(0, "127.0.0.1", done));
const emitter = new Emitter(pub);

// clients by name, each with what it has heard.
const clients = {};
const join = async (name, nsp, rooms = []) => {
  const c = connect(`http://127.0.0.1:${http.address().port}${nsp}`, { transports: ["websocket"], forceNew: true, auth: { token: name } });
  c.heard = [];
  c.onAny((...args) => {
    const ack = typeof args[args.length - 1] === "function" ? args.pop() : undefined;
    c.heard.push(args);
    if (ack && c.answer !== undefined) ack(c.answer);
  });
  c.on("disconnect", (reason) => c.heard.push(["disconnect", reason]));
  await new Promise((done, fail) => { c.on("connect", done); c.on("connect_error", fail); });
  clients[name] = c;
  c.name = c.id;
  io.of(nsp).sockets.get(c.id).join(rooms);
  return c.id;
};
const rooms = (name, nsp) => [...(io.of(nsp).sockets.get(clients[name].name)?.rooms ?? [])];
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

const out = (key, value) => (value && value.type === "Buffer" && Array.isArray(value.data) ? { $bin: Buffer.from(value.data).toString("base64") } : value);
const say = (line) => process.stdout.write(JSON.stringify(line, out) + "\n");
const AsyncFunction = (async () => {}).constructor;
createInterface({ input: process.stdin }).on("line", async (line) => {
  const { id, js } = JSON.parse(line);
  try {
    const f = new AsyncFunction("io", "clients", "join", "rooms", "emitter", "sleep", "pub", js);
    say({ id, value: (await f(io, clients, join, rooms, emitter, sleep, pub)) ?? null });
  } catch (e) {
    say({ id, error: String(e) });
  }
}).on("close", () => process.exit(0));
say({ id: 0, value: "ready" });
