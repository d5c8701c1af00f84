// Uses one of NiceGUI's example pages as somebody would: node nicegui_examples.mjs EXAMPLE URL CHROMIUM REPOSITORY
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const [example, url, executablePath, repository] = process.argv.slice(2);
const { chromium } = createRequire(`${repository}/package.json`)("playwright-core");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });

/** Another person's browser, with a page that is there. */
async function open(path = "") {
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(40_000);
  await page.goto(url + path);
  await page.waitForFunction(() => window.socket?.connected);
  return page;
}
const says = (page, text) => page.waitForFunction((t) => new RegExp(t).test(document.body.innerText), text);

const examples = {
  async chat_app() {
    const [ann, bob] = [await open(), await open()];
    for (const [from, text] of [[ann, "hello from Ann"], [bob, "and from Bob"], [ann, "ü € 🙂"]]) {
      await from.fill('input[placeholder="message"]', text);
      await from.press('input[placeholder="message"]', "Enter");
      for (const page of [ann, bob]) await says(page, text);
    }
    assert.equal(await ann.locator(".q-message-sent").count(), 2);
    assert.equal(await bob.locator(".q-message-sent").count(), 1);
  }, // prettier-ignore
  async todo_list() {
    const [ann, bob] = [await open(), await open()];
    await says(ann, "Completed: 1[^]*Remaining: 3");
    await ann.locator(".q-checkbox").nth(1).click();
    await says(ann, "Completed: 2[^]*Remaining: 2");
    await ann.getByLabel("New item").fill("Move behind a hub");
    await ann.getByLabel("New item").press("Enter");
    await says(ann, "Completed: 2[^]*Remaining: 3");
    await says(bob, "Completed: 1[^]*Remaining: 3"); // each has a list of its own
  },
  async svg_clock() {
    const page = await open();
    const shows = () => page.locator("svg g").last().getAttribute("transform");
    await page.waitForSelector("svg g");
    const first = await shows();
    for (const end = Date.now() + 20_000; (await shows()) === first; ) assert.ok(Date.now() < end, "the clock stands");
  },
  async progress() {
    const page = await open();
    await page.getByRole("button", { name: "compute" }).click();
    await page.waitForSelector(".q-linear-progress", { state: "visible" });
    await says(page, "Done!");
  },
  async infinite_scroll() {
    const page = await open();
    await page.waitForFunction(() => document.querySelectorAll(".q-img").length >= 2);
    const before = await page.locator(".q-img").count();
    await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
    await page.waitForFunction((n) => document.querySelectorAll(".q-img").length > n, before);
  },
  async menu_and_tabs() {
    const page = await open();
    await says(page, "Content of A");
    await page.getByRole("tab", { name: "B" }).click();
    await says(page, "Content of B");
    await page.locator("button", { hasText: "contact_support" }).click();
    await says(page, "Footer");
  },
  async single_page_app() {
    const page = await open();
    await page.getByRole("button", { name: "Secret" }).click();
    await page.locator("input").fill("spa");
    await page.locator("input").press("Enter");
    await says(page, "Secret Area");
    await page.getByRole("button", { name: "Invalid" }).click();
    await says(page, "404");
    await page.getByRole("button", { name: "Logout" }).click();
    await says(page, "inheritance");
  },
  async editable_table() {
    const page = await open();
    await page.getByRole("button", { name: "Add row" }).click();
    await says(page, "New guy");
    await page.locator("tbody tr").first().locator("button").click();
    await page.waitForFunction(() => !/Alice/.test(document.querySelector("table").innerText));
    await page.getByText("Carol").first().click();
    await page.locator(".q-popup-edit input").fill("Caroline");
    await page.locator(".q-popup-edit input").press("Enter");
    await says(page, "Caroline");
  },
  async custom_vue_component() {
    const page = await open();
    await page.getByRole("button", { name: /Count/ }).click();
    await says(page, "changed to 1");
    await page.getByRole("button", { name: "Reset" }).first().click();
    await says(page, "Count: 0");
  },
  async script_executor() {
    const page = await open();
    await page.getByRole("button", { name: "python3 slow.py" }).click();
    await page.waitForFunction(() => document.querySelector(".q-dialog pre")?.innerText.trim().length > 0);
  },
  async download_text_as_file() {
    const page = await open();
    await page.locator("textarea").fill("Hello hub!");
    await page.locator("textarea").blur();
    const coming = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download" }).click();
    const chunks = [];
    for await (const chunk of await (await coming).createReadStream()) chunks.push(chunk);
    assert.equal(Buffer.concat(chunks).toString(), "Hello hub!");
  },
  async global_worker() {
    const [ann, bob] = [await open(), await open()];
    await ann.getByRole("button", { name: "compute" }).click();
    for (const state of ["visible", "hidden"]) {
      for (const page of [ann, bob]) await page.waitForSelector(".q-linear-progress", { state });
    }
  },
  async authentication() {
    const page = await open("subpage");
    await page.getByLabel("Username").fill("user1");
    await page.getByLabel("Password").fill("wrong");
    await page.getByRole("button", { name: "Log in" }).click();
    await says(page, "Wrong username");
    await page.getByLabel("Password").fill("pass1");
    await page.getByLabel("Password").press("Enter");
    await says(page, "This is a sub page");
    await page.goto(url);
    await says(page, "Hello user1!");
    await page.locator("button", { hasText: "logout" }).click();
    await page.getByLabel("Username").waitFor();
  },
  async slideshow() {
    const page = await open();
    const shown = () => page.locator(".q-img img").last().getAttribute("src");
    await page.waitForSelector(".q-img img");
    const first = await shown();
    await page.keyboard.press("ArrowRight");
    for (const end = Date.now() + 20_000; (await shown()) === first; ) assert.ok(Date.now() < end, "no other slide");
  },
};

await examples[example]();
await browser.close();
console.log("ok");
