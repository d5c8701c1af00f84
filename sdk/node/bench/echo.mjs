// The CPU time that one process spends on an echo with an acknowledgement: the kit's against socket.io's, in one run.
//
//   node bench/echo.mjs [--browsers 100] [--seconds 4] [--rounds 5] [--transports]
//
// 100 browsers over WebSocket, each with one echo under way. The rounds are interleaved; the median of each side counts.
// With --transports the kit by its own HTTP/2 is compared with the kit by @grpc/grpc-js, and not with socket.io.
import { fork } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { io } from "socket.io-client";
import { Hub } from "../test/support/hub.mjs";

const { values } = parseArgs({
  options: {
    browsers: { type: "string", default: "100" },
    seconds: { type: "string", default: "4" },
    rounds: { type: "string", default: "5" },
    transports: { type: "boolean" },
  },
});
const browsers = Number(values.browsers);
const seconds = Number(values.seconds);

async function serve(module, env = {}) {
  const child = fork(new URL("echo-server.mjs", import.meta.url), [module], { env: { ...process.env, ...env } });
  const [{ port }] = await once(child, "message");
  return { child, url: `http://127.0.0.1:${port}` };
}

async function cpu(child) {
  child.send("cpu");
  const [{ cpu: used }] = await once(child, "message");
  return used.user + used.system;
}

/** Microseconds of CPU time for one echo. */
async function measure({ child, url }) {
  const clients = Array.from({ length: browsers }, () => io(url, { transports: ["websocket"], forceNew: true }));
  await Promise.all(clients.map((client) => (client.connected ? undefined : once(client, "connect"))));
  let count = 0;
  let over = false;
  const text = "x".repeat(64);
  const say = (client) => {
    if (!over)
      client.emit("echo", text, 42, () => {
        count++;
        say(client);
      });
  };
  for (const client of clients) say(client);
  await new Promise((resolve) => setTimeout(resolve, 1000)); // warm
  const before = await cpu(child);
  const counted = count;
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const used = (await cpu(child)) - before;
  const done = count - counted;
  over = true;
  for (const client of clients) client.disconnect();
  return { each: used / done, rate: done / seconds };
}

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const hub = await Hub.start();
const other = values.transports
  ? ["@siohub/server", { HUB_ADDRESS: hub.address, HUB_GROUP: "other", TRANSPORT: "grpc-js" }]
  : ["socket.io"];
const second = values.transports ? await Hub.start() : undefined;
if (second !== undefined) other[1].HUB_ADDRESS = second.address;
const reference = await serve(...other);
if (second !== undefined) reference.url = second.url;
const kit = await serve("@siohub/server", { HUB_ADDRESS: hub.address });
const behind = { child: kit.child, url: hub.url };
const found = { reference: [], kit: [] };
for (let round = 0; round <= Number(values.rounds); round++) {
  for (const [name, server] of [
    ["reference", reference],
    ["kit", behind],
  ]) {
    const { each, rate } = await measure(server);
    if (round > 0) found[name].push(each); // the first one warms up
    console.log(`${name.padEnd(9)} ${each.toFixed(1)} µs an echo, ${Math.round(rate)} echoes a second`);
  }
}
console.log(
  `ratio ${(median(found.kit) / median(found.reference)).toFixed(2)} (medians ${median(found.kit).toFixed(1)} and ${median(found.reference).toFixed(1)} µs)`,
);
for (const { child } of [reference, kit]) child.kill();
await hub.stop();
await second?.stop();
process.exit(0);
