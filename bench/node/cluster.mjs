// One of several Node servers that share an engine, for `make bench-cluster`. Beside the handlers that browsers need it does by
// itself what lines of JSON on its input ask for, as bench/service/drive.go does through a hub: an order, and a line back
// once all of it is over.
//
//     node cluster.mjs ENGINE REDIS_URL
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { createAdapter as classic, createShardedAdapter as sharded } from "@socket.io/redis-adapter";
import { createAdapter as streams } from "@socket.io/redis-streams-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

const [engine, url] = process.argv.slice(2);
const client = async () => {
  const c = createClient({ url });
  c.on("error", (error) => console.error(error));
  return c.connect();
};
const adapters = {
  redis: async () => classic(await client(), await client()),
  "redis-sharded": async () => sharded(await client(), await client()),
  "redis-streams": async () => streams(await client()),
};
const http = createServer();
const io = new Server(http, { adapter: await adapters[engine]() });

io.use((socket, next) => next()); // a decision, though it is always the same
io.on("connection", (socket) => {
  socket.on("join", (room, ack) => {
    socket.join(room);
    ack();
  });
});

const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const inFlight = 256;

async function carryOut({ op, targets, rate, count, data }) {
  const outcome = { failed: 0, sockets: 0 };
  let open = 0;
  const one = (i) => {
    if (op === "all") return io.emit("message", data);
    const to = io.to(targets[i % targets.length]);
    if (op !== "fetch") return to.emit("message", data); // a socket's id is a room
    open++;
    to.fetchSockets()
      .then((found) => (outcome.sockets += found.length))
      .catch(() => outcome.failed++)
      .finally(() => open--);
  };
  const from = performance.now();
  for (let begun = 0; begun < count; await pause(1)) {
    const due = Math.min(count, Math.floor(((performance.now() - from) / 1000) * rate));
    for (; begun < due && open < inFlight; begun++) one(begun);
  }
  while (open > 0) await pause(1);
  return outcome;
}

async function ready(servers) {
  while ((await io.of("/").adapter.serverCount()) !== servers) await pause(10);
  return {};
}

createInterface({ input: process.stdin })
  .on("line", async (line) => {
    const order = JSON.parse(line);
    console.log(JSON.stringify(await (order.op === "ready" ? ready(order.servers) : carryOut(order))));
  })
  .on("close", () => process.exit(0));

http.listen(0, "127.0.0.1", () => {
  console.error(`ready browsers=http://127.0.0.1:${http.address().port}/socket.io/`);
});
