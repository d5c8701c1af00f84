// Whole applications of others that know nothing of hubs, with the kit in the place of socket.io, in a real browser.
// SIOHUB_NODE_APPS is a directory with `npm install karma karma-mocha karma-chrome-launcher mocha browser-sync`.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
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
