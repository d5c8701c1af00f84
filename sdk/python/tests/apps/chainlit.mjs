// Talks to chainlit_app.py in its own pages: node chainlit.mjs URL CHROMIUM REPOSITORY
import { createRequire } from "node:module";

const [url, executablePath, repository] = process.argv.slice(2);
const { chromium } = createRequire(`${repository}/package.json`)("playwright-core");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const says = (page, text) =>
  page.waitForFunction((t) => document.body.innerText.includes(t), text, { timeout: 40_000 }).catch(async () => {
    throw new Error(`no "${text}" in: ${await page.evaluate(() => document.body.innerText)}`);
  });
const say = async (page, text) => {
  await page.locator("#chat-input").fill(text);
  await page.locator("#chat-input").press("Enter");
};

const pages = [];
for (const name of ["Ann", "Bob"]) {
  const page = await (await browser.newContext({ locale: "en-US" })).newPage();
  await page.goto(url);
  await says(page, "What is your name?");
  await say(page, name);
  await says(page, `Hello ${name}!`);
  pages.push([page, name]);
}
for (const [page, name] of pages) {
  await say(page, "one two three");
  await says(page, `${name} said: one two three`);
  await page.getByText("Again", { exact: true }).first().click();
  await says(page, "again with 7");
}
const [[ann]] = pages;
await say(ann, "wait");
await ann.locator("#stop-button").click();
await says(ann, "it was stopped");
await say(ann, "still here");
await says(ann, "Ann said: still here");
await browser.close();
console.log("ok");
