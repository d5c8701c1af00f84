// Uses taipy_app.py in its own pages: node taipy.mjs URL CHROMIUM REPOSITORY
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const [url, executablePath, repository] = process.argv.slice(2);
const { chromium } = createRequire(`${repository}/package.json`)("playwright-core");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const text = (page) => page.evaluate(() => document.body.innerText);
const says = (page, words) =>
  page.waitForFunction((t) => new RegExp(t).test(document.body.innerText), words, { timeout: 60_000 }).catch(async () => {
    throw new Error(`no "${words}" in: ${await text(page)}`);
  });

const pages = [];
for (const name of ["Ann", "Bob"]) {
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(url);
  await says(page, "count");
  await page.fill("#who input, input#who", name);
  await says(page, `Hello ${name}!`);
  pages.push(page);
}
const [ann, bob] = pages;
for (let i = 1; i <= 3; i++) {
  await ann.click("#press");
  await says(ann, `pressed ${i} times by Ann`);
}
await bob.click("#press");
await says(bob, "pressed 1 times by Bob");
await bob.click("#long");
await says(bob, "total\\s+42");
assert.match(await text(ann), /total\s+0/, "each has a state of its own");
await browser.close();
console.log("ok");
