// Whole applications of others that know nothing of hubs, with the kit in the place of socket.io, in a real browser.
// SIOHUB_NODE_APPS is a directory with `npm install karma karma-mocha karma-chrome-launcher mocha browser-sync
// @feathersjs/feathers @feathersjs/koa @feathersjs/socketio @feathersjs/socketio-client`.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { io } from "socket.io-client";
import { browser, chromium, missing, proxied } from "./support/proxied.mjs";

const modules = join(process.env.SIOHUB_NODE_APPS ?? "/nonexistent", "node_modules");
const here = new URL("apps/", import.meta.url).pathname;
const alias = new URL("support/alias.mjs", import.meta.url).href;

function moved({ port, app, hub }, args, env = {}) {
  const child = spawn(process.execPath, ["--import", alias, ...args], {
    env: { ...process.env, PORT: port, APP_PORT: app, HUB_ADDRESS: hub, CHROME_BIN: chromium, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  child.text = "";
  child.stdout.on("data", (data) => {
    child.text += data;
  });
  return child;
}

test("karma runs tests in a browser", { skip: missing(["karma of SIOHUB_NODE_APPS", join(modules, "karma")]) }, async () => {
  const args = [join(modules, "karma/bin/karma"), "start", join(here, "karma.conf.cjs")];
  await proxied(
    "/socket.io/",
    (ports) => moved(ports, args),
    async ({ process }) => {
      const [code] = await process.ended;
      assert.equal(code, 1, process.text); // for the one that fails
      assert.match(process.text, /Executed 52 of 52.*\(1 FAILED\)/);
      assert.match(process.text, /arithmetic fails FAILED/);
    },
  );
});

const PAGE = `<!doctype html><h1>first</h1><input><button onclick="this.textContent = 'pressed'">Press</button>
<div style="height: 5000px"></div>`;

test("Browsersync keeps browsers in step", {
  skip: missing(["browser-sync of SIOHUB_NODE_APPS", join(modules, "browser-sync")]),
}, async () => {
  const site = mkdtempSync(join(tmpdir(), "site-"));
  const file = join(site, "index.html");
  writeFileSync(file, `${PAGE}<body></body>`);
  const chrome = await browser();
  try {
    await proxied(
      "/browser-sync/socket.io/",
      (ports) => moved(ports, [join(here, "browser-sync.cjs")], { SITE: site }),
      async ({ url }) => {
        const pages = [];
        for (let i = 0; i < 2; i++) {
          const page = await (await chrome.newContext()).newPage();
          await page.goto(url);
          await page.waitForFunction(() => window.___browserSync___?.socket?.connected);
          pages.push(page);
        }
        const [ann, bob] = pages;
        await ann.fill("input", "hello");
        await ann.locator("input").press("End");
        await bob.waitForFunction(() => document.querySelector("input").value === "hello");
        await bob.click("button");
        await ann.waitForFunction(() => document.querySelector("button").textContent === "pressed");
        writeFileSync(file, `${PAGE.replace("first", "second")}<body></body>`);
        for (const page of pages) await page.waitForFunction(() => document.querySelector("h1")?.textContent === "second");
      },
    );
  } finally {
    await chrome.close();
    rmSync(site, { recursive: true });
  }
});

test("a service of Feathers", { skip: missing(["feathers of SIOHUB_NODE_APPS", join(modules, "@feathersjs/koa")]) }, async () => {
  const need = createRequire(join(modules, "package.json"));
  const { feathers } = need("@feathersjs/feathers");
  const transport = need("@feathersjs/socketio-client");
  await proxied(
    "/socket.io/",
    (ports) => moved(ports, [join(here, "feathers.cjs")]),
    async ({ url }) => {
      const [ann, bob, eve] = ["ann", "bob", ""].map((user) => {
        const socket = io(url, { auth: { user }, forceNew: true });
        const app = feathers();
        app.configure(transport(socket));
        return { socket, messages: app.service("messages") };
      });
      const [error] = await once(eve.socket, "connect_error");
      assert.equal(error.message, "who?");
      for (const { socket } of [ann, bob]) if (!socket.connected) await once(socket, "connect");
      const heard = once(bob.messages, "created");
      const created = await ann.messages.create({ text: "hello" });
      assert.deepEqual(created, { id: 0, by: "ann", provider: "socketio", text: "hello" });
      assert.deepEqual((await heard)[0], created);
      assert.deepEqual(await bob.messages.find(), [created]);
      await assert.rejects(bob.messages.get(7), { name: "NotFound", code: 404 });
      for (const { socket } of [ann, bob, eve]) socket.disconnect();
    },
  );
});
