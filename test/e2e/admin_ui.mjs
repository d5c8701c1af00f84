// What the tests of the Admin UI have in common: the page, as npm has it, from an origin of its own in headless Chromium.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import { io } from 'socket.io-client';
import { endAll, root, startHub, startMirror } from './processes.mjs';

export const LIMIT = { timeout: 180_000 };
export const PASSWORD = 'open sesame';
export const HASH = '$2a$10$/1WzEkQ99H1xwh9VoL6rJedFmgYxx1uIceNBnC115USeynTjY/UTq';
const UI = path.join(root, 'node_modules/@socket.io/admin-ui/ui/dist');
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.png': 'image/png' };

const run = promisify(execFile);
const sockets = new Set();
let files;
let browser;
let hashFile;

// begin serves the page and starts the browser; end ends everything.
export async function begin() {
  files = http.createServer(async (req, res) => {
    const name = path.normalize(new URL(req.url, 'http://page').pathname).replace(/^\/$/, '/index.html');
    const body = await readFile(path.join(UI, name)).catch(() => undefined);
    res.writeHead(body ? 200 : 404, { 'content-type': TYPES[path.extname(name)] ?? 'application/octet-stream' }).end(body);
  }).listen(0, '127.0.0.1');
  await once(files, 'listening');
  hashFile = path.join(await mkdtemp(path.join(os.tmpdir(), 'admin-ui-')), 'hash');
  await writeFile(hashFile, `${HASH}\n`);
  browser = await chromium.launch({ executablePath: process.env.E2E_CHROMIUM, headless: true, args: ['--no-sandbox'] });
}

export async function end() {
  sockets.forEach((socket) => socket.close());
  await browser?.close();
  files?.close();
  await endAll();
}

export const origin = () => `http://127.0.0.1:${files.address().port}`;

// startAdminHub starts a hub with the Admin UI and a service that lets everybody in.
export async function startAdminHub(...flags) {
  const hub = await startHub('serve', '--admin-ui-enabled', '--admin-ui-username=admin', `--admin-ui-password-hash-file=${hashFile}`,
    '--admin-ui-mode=development', `--cors-origins=${origin()}`, '--cors-credentials', ...flags);
  await startMirror(hub.services);
  return hub;
}

export async function join(hub, namespace = '/mirror') {
  const socket = io(hub.url + namespace, { forceNew: true, transports: ['websocket'], reconnection: false, query: { token: 'geheim' } });
  sockets.add(socket);
  await once(socket, 'connect');
  return socket;
}

// socketsOf asks the hub.
export async function socketsOf(hub, namespace = '/mirror') {
  const { stdout } = await run(process.env.E2E_HUB, ['sockets', '--hub', hub.services, '-n', namespace, '-o', 'json']);
  return stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

export async function roomsOf(hub, id) {
  const socket = (await socketsOf(hub)).find((one) => one.id === id);
  return socket ? (socket.rooms ?? []) : 'gone';
}

// eventually asks until the answer is the expected one.
export async function eventually(ask, want) {
  let got;
  for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
    got = await ask();
    if (JSON.stringify(got) === JSON.stringify(want)) return;
  }
  assert.deepEqual(got, want);
}

// open opens the page in a window of its own, without anything in its storage.
export async function open() {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  await page.goto(`${origin()}/`);
  return page;
}

export async function login(page, hub, password = PASSWORD) {
  await page.getByLabel('Server URL').fill(hub.url);
  await page.getByLabel('Username').fill('admin');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Connect' }).click();
}

// go shows a place of the page. A change of the hash does not load it anew.
export const go = (page, place) => page.evaluate((hash) => { location.hash = hash; }, place);

export async function choose(page, namespace) {
  await page.locator('.v-select.selector:visible').click();
  await page.locator('.menuable__content__active .v-list-item').filter({ hasText: namespace }).click();
}
