// Opens the page of nicegui_app.py: node chromium.mjs URL CHROMIUM REPOSITORY
import { createRequire } from "node:module";

const [url, executablePath, repository] = process.argv.slice(2);
const { chromium } = createRequire(`${repository}/package.json`)("playwright-core");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await browser.newPage();
await page.goto(url);
const says = (text) => page.waitForFunction((t) => new RegExp(t).test(document.body.innerText), text, { timeout: 30000 });
await says("ticked [2-9] 42");
await page.click("button");
await says("clicked");
await page.setInputFiles('input[type="file"]', { name: "a.bin", mimeType: "text/plain", buffer: Buffer.alloc(70_000, 1) });
await says("files: a.bin of 70000");
await browser.close();
console.log("ok");
