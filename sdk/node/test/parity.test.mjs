// One application, once with socket.io and once with the kit: its clients see the same.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { io } from "socket.io-client";
import { Hub, until } from "./support/hub.mjs";
import { App } from "./support/process.mjs";

/** What the clients of an application see, in words. */
async function transcript(url) {
  const seen = [];
  const say = (...words) => seen.push(JSON.stringify(words));
  const ask = (client, event, ...args) => new Promise((resolve) => client.emit(event, ...args, (...answer) => resolve(answer)));
  const client = (name, auth = { name, token: "secret" }, nsp = "/") => {
    const socket = io(url + nsp, { auth, forceNew: true, reconnection: false });
    socket.name = name;
    socket.on("question", (number, done) => done(name === "mute" ? undefined : number + name.length));
    return socket;
  };

  const stranger = client("eve", { name: "eve" });
  const [err] = await once(stranger, "connect_error");
  say("refused", err.message, err.data);
  stranger.disconnect();

  const ann = client("ann");
  say("welcome", ...(await once(ann, "welcome")));
  const bob = client("bob");
  say("welcome", ...(await once(bob, "welcome")));

  say("join", await ask(ann, "join", "room"));
  const joined = once(ann, "joined");
  say("join", await ask(bob, "join", "room"));
  say("joined", ...(await joined));
  const heard = Promise.all([once(ann, "said"), once(bob, "said")]);
  say("say", await ask(ann, "say", "room", "hi ü \u2028 \0"));
  say("said", ...(await heard));
  const others = once(bob, "said");
  ann.emit("others", "psst");
  say("others", ...(await others));
  say("leave", await ask(bob, "leave", "room"));
  say("binary", await ask(ann, "binary", Buffer.from([1, 2, 3])));
  say("ask-me", await ask(ann, "ask-me"));
  say("ask-late", await ask(ann, "ask-late"));
  await ask(bob, "join", "room");
  say("ask-room", await ask(ann, "ask-room", "room"));
  const deaf = io(url, { auth: { name: "deaf", token: "secret" }, forceNew: true, reconnection: false });
  await once(deaf, "welcome");
  await ask(deaf, "join", "room");
  const [message, responses] = await ask(ann, "ask-room", "room");
  say("ask-room partly", message, responses.sort());
  say("set", await ask(ann, "set", "color", "red"));
  say("who", await ask(ann, "who"));
  say("numeric", await ask(ann, "numeric"));
  const any = once(ann, "any");
  ann.emit("anything", 1, 2, 3);
  say("any", ...(await any));
  say("limited", await ask(ann, "limited"), await ask(ann, "limited"));
  const problem = once(ann, "problem");
  ann.emit("limited", () => {});
  say("problem", ...(await problem));
  const gone = once(deaf, "disconnect");
  const left = once(ann, "left");
  await ask(ann, "kick", "deaf");
  say("kicked", (await gone)[0], ...(await left));
  const leaves = once(ann, "left");
  bob.disconnect();
  say("left", ...(await leaves));

  const tenant = client("tom", { name: "tom" }, "/tenant-a");
  say("tenant", ...(await once(tenant, "tenant")));
  const shouted = once(tenant, "shouted");
  tenant.emit("shout", { deep: [1, { er: null }] });
  say("shouted", ...(await shouted));
  const nowhere = client("nowhere", {}, "/nowhere");
  say("nowhere", (await once(nowhere, "connect_error"))[0].message);
  for (const socket of [ann, tenant, nowhere]) socket.disconnect();
  return seen;
}

let hub;
let reference;
let kit;
before(async () => {
  hub = await Hub.start();
  reference = await App.start("socket.io");
  kit = await App.start("@siohub/server", { HUB_ADDRESS: hub.address });
});
after(async () => {
  await Promise.all([reference?.stop("SIGKILL"), kit?.stop("SIGKILL")]);
  await hub?.stop();
});

test("clients see the same", async () => {
  const expected = await transcript(reference.url);
  assert.deepEqual(await transcript(hub.url), expected);
});

test("joins and leaves are counted once", async () => {
  const expected = await reference.ask("counts", "counts");
  assert.deepEqual(
    await until(async () => {
      const counts = await kit.ask("counts", "counts");
      return counts.leaves === expected.leaves && counts;
    }, "all have left"),
    expected,
  );
});
