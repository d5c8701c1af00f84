// A socket.io-client of npm in headless Chromium: node browser.mjs CHROMIUM PLAN. The page is one of the hub's own origin,
// and its client the one that npm's package has for pages.

import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const root = new URL('../../../../', import.meta.url);
const plan = JSON.parse(process.argv[3]);
const module = new URL(`node_modules/${plan.module}/`, root);
const bundle = new URL(plan.msgpack ? 'dist/socket.io.msgpack.min.js' : plan.query ? 'dist/socket.io.js' : 'dist/socket.io.min.js', module);
const scenario = readFileSync(new URL('scenario.mjs', import.meta.url), 'utf8');

const browser = await chromium.launch({
  executablePath: process.argv[2], headless: true, args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--ignore-certificate-errors'],
});
try {
  console.log(`client socket.io-client ${JSON.parse(readFileSync(new URL('package.json', module))).version}`);
  await visit(plan.url, plan.steps.filter((step) => step !== 'recovery'));
  await visit(plan.recoveryUrl, plan.steps.filter((step) => step === 'recovery'));
} finally {
  await browser.close();
}

// visit takes steps in a page of an origin.
async function visit(origin, steps) {
  if (!steps.length) return;
  const page = await browser.newPage();
  await page.goto(`${origin}/socket.io/socket.io.min.js`);
  await page.addScriptTag({ path: bundle.pathname });
  await page.exposeFunction('report', (name, why) => console.log(why ? `not ok ${name}: ${why}` : `ok ${name}`));
  await page.evaluate(take, { scenario, plan: { ...plan, steps } });
  await page.close();
}

// take runs in the page.
async function take({ scenario, plan }) {
  const { run } = await import(URL.createObjectURL(new Blob([scenario], { type: 'text/javascript' })));
  const options = {};
  if (plan.certificate) {
    const value = Uint8Array.from(atob(plan.certificate), (c) => c.charCodeAt(0));
    options.transportOptions = { webtransport: { serverCertificateHashes: [{ algorithm: 'sha-256', value }] } };
  }
  await run(plan, { Manager: io.Manager, options, binary: (bytes) => new Uint8Array(bytes).buffer }, report);
}
