// The small program with which `hub conform` checks the Node kit: docs/kits.md says what it does.
import { setImmediate as yields } from "node:timers/promises";
import { Deny, Reject, Retry, Service } from "@siohub/server/service";
import { command, failure } from "./commands.mjs";

const service = new Service("conform", {
  instanceId: process.env.CONFORM_INSTANCE || undefined,
  workers: 256,
  closeTimeout: 5000,
});
const root = service.namespace("/", { introduction: "onInstance", handshake: "full", trackRooms: true });
const log = [];
const held = new Map();

/** Waits until a key is released, or the handler is cancelled. */
function hold(key, signal) {
  return new Promise((resolve) => {
    const wake = (how) => {
      held.set(
        key,
        (held.get(key) ?? []).filter((other) => other !== wake),
      );
      signal?.removeEventListener("abort", cancel);
      resolve(how);
    };
    const cancel = () => wake("cancelled");
    held.set(key, [...(held.get(key) ?? []), wake]);
    if (signal?.aborted) cancel();
    else signal?.addEventListener("abort", cancel);
  });
}

function release(key) {
  const waiting = held.get(key) ?? [];
  for (const wake of waiting) wake("released");
  return waiting.length;
}

async function holdAndAnswer(event) {
  const [key] = event.args;
  const signal = event.signal;
  log.push(["hold", key]);
  const how = await hold(key, signal);
  if (how === "cancelled") log.push(["cancelled", key, signal.reason?.reason ?? "lost"]);
  event.reply(how, key);
}

root.onConnect(async (attempt) => {
  const auth = attempt.auth ?? {};
  if (auth.deny_namespace) throw Deny.unknownNamespace();
  if ("deny" in auth) throw new Deny(auth.deny, auth.data);
  if ("throw" in auth) throw new Error(auth.throw);
  if ("hold" in auth) {
    log.push(["hold", auth.hold]);
    if ((await hold(auth.hold, attempt.signal)) === "cancelled")
      log.push(["cancelled", auth.hold, attempt.signal.reason?.reason ?? "lost"]);
  }
  return { user: auth.user, rooms: auth.rooms, data: auth.data, keepAuth: auth.keep === true };
});
root.onExpiring((expiring) => {
  log.push(["renew", expiring.socket.id]);
  if (expiring.socket.user === "leave") throw new Deny("leave");
  return { expires: new Date(Date.now() + 3_600_000), refreshBefore: 10_000 };
});
root.onConnected(({ socket, late, moved, recovered, rooms, auth, attempt }) => {
  log.push([
    "connected",
    socket.id,
    { late, moved, recovered, rooms, user: socket.user, data: socket.data ?? null, auth: auth ?? null, attempt },
  ]);
});
root.onDisconnect(({ socket, reason }) => void log.push(["disconnected", socket.id, reason]));
root.onReleased((socket) => void log.push(["released", socket.id]));
root.onRooms(({ socket }) => void log.push(["rooms", socket.id, socket.rooms]));

function who(event) {
  const { socket } = event;
  event.reply({
    id: socket.id,
    namespace: event.socket.namespace,
    user: socket.user,
    data: socket.data ?? null,
    version: socket.dataVersion,
    hub: socket.hubId,
    transport: socket.transport,
    client: socket.clientId,
    rooms: socket.rooms,
    attempt: event.attempt,
    dedupe: event.dedupeId,
  });
}

root.on("echo", (event) => event.reply(...event.args));
root.on("raw", (event) => event.reply(event.payload));
root.on("who", who);
root.on("silent", () => {});
root.on("fail", (event) => {
  throw new Error(event.args[0]);
});
root.on("reject", (event) => {
  throw new Reject(...event.args);
});
root.on("retry", (event) => {
  const [delay, until] = event.args;
  if (event.attempt <= until) throw new Retry({ delay });
  event.reply(event.attempt);
});
root.on("elsewhere", () => {
  throw new Retry({ elsewhere: true });
});
root.on("twice", (event) => {
  event.reply("one");
  try {
    event.reply("two");
  } catch {
    // it has its answer
  }
});
root.on("size", (event) => event.reply("x".repeat(event.args[0])));
root.on("bytes", (event) => event.reply({ at: Buffer.from(Array.from({ length: event.args[0] }, (_, i) => i % 256)) }));
root.on("seq", (event) => {
  for (let i = 1; i <= event.args[0]; i++) event.socket.emit("tick", i);
  event.reply("end");
});
root.on("order", async (event) => {
  const [i] = event.args;
  log.push(["begin", event.socket.id, i]);
  for (let n = 0; n < 3; n++) await yields();
  log.push(["end", event.socket.id, i]);
  event.reply(i);
});
root.on("hold", holdAndAnswer);
root.on("beside", { concurrent: true }, holdAndAnswer);
root.on("late", async (event) => {
  const [key, wanted] = event.args;
  log.push(["hold", key]);
  await hold(key, event.signal);
  const result = await command(service, root, wanted);
  log.push(["late", key, result]);
  event.reply(result);
});
root.on("later", (event) => {
  const [key] = event.args;
  const acknowledge = event.ackLater();
  log.push(["hold", key]);
  void hold(key).then(async () => log.push(["later", key, await acknowledge("late", key).then(() => ({}), failure)]));
});
root.on("release", (event) => event.reply(release(event.args[0])));
root.on("do", async (event) => event.reply(await command(service, root, event.args[0])));
root.on("free", (event) => {
  const [key, wanted, delay = 0] = event.args;
  event.reply("started");
  setTimeout(() => void command(service, root, wanted).then((result) => log.push(["free", key, result])), delay);
});
root.on("bad", async (event) =>
  event.reply(
    await wrong(event.args[0], (name, args, rooms) => {
      if (rooms !== undefined) return root.to(...rooms).emitResult(name, ...args);
      return (name === "nobody" ? root : event.socket).emitResult(name, ...args);
    }),
  ),
);
root.on("bad_reply", (event) => wrong(event.args[0], (_name, args) => event.reply(...args), true));
root.on("log", (event) => event.reply(log.slice(event.args[0])));
root.on("p:*", (event) => event.reply(event.name, ...event.args));

/** Sends something wrong; what comes of it. */
async function wrong(kind, send, throws = false) {
  const cycle = {};
  cycle.self = cycle;
  const args =
    {
      nan: [Number.NaN],
      cycle: [cycle],
      alien: [() => {}],
      surrogate: ["a\ud800b"],
      big: ["x".repeat(4_299_162)],
    }[kind] ?? [];
  const name = { reserved: "disconnect", empty: "", nobody: "nobody" }[kind] ?? "bad";
  try {
    await send(name, args, kind === "surrogate_room" ? ["a\ud800b"] : undefined);
    return {};
  } catch (error) {
    if (throws) throw error;
    return failure(error);
  }
}

root.onCall("sum", (call) => [call.args[0] + call.args[1]]);
root.onCall("mute", () => undefined);
root.onCall("fail", (call) => {
  throw new Error(call.args[0]);
});
root.onCall("hold", async (call) => {
  await holdAndAnswer(call);
});

service
  .namespace("/org/*")
  .onConnect((attempt) => {
    if (attempt.namespace === "/org/none") throw Deny.unknownNamespace();
  })
  .on("who", who);

process.on("SIGTERM", () => {});
service.run().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
