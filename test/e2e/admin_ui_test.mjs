// The page of @socket.io/admin-ui, as npm has it, in headless Chromium: it comes from another origin, logs in, shows, and its
// buttons do what they say, which the hub is asked about.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import { io } from 'socket.io-client';
import { endAll, root, startHub, startMirror } from './processes.mjs';

const LIMIT = { timeout: 180_000 };
const PASSWORD = 'open sesame';
const HASH = '$2a$10$/1WzEkQ99H1xwh9VoL6rJedFmgYxx1uIceNBnC115USeynTjY/UTq';
const UI = path.join(root, 'node_modules/@socket.io/admin-ui/ui/dist');
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.png': 'image/png' };

const run = promisify(execFile);
const sockets = new Set();
let files;
let browser;
let hashFile;

before(async () => {
  files = http.createServer(async (req, res) => {
    const name = path.normalize(new URL(req.url, 'http://page').pathname).replace(/^\/$/, '/index.html');
    const body = await readFile(path.join(UI, name)).catch(() => undefined);
    res.writeHead(body ? 200 : 404, { 'content-type': TYPES[path.extname(name)] ?? 'application/octet-stream' }).end(body);
  }).listen(0, '127.0.0.1');
  await once(files, 'listening');
  hashFile = path.join(await mkdtemp(path.join(os.tmpdir(), 'admin-ui-')), 'hash');
  await writeFile(hashFile, `${HASH}\n`);
  browser = await chromium.launch({ executablePath: process.env.E2E_CHROMIUM, headless: true, args: ['--no-sandbox'] });
});
after(async () => {
  sockets.forEach((socket) => socket.close());
  await browser?.close();
  files?.close();
  await endAll();
});

const origin = () => `http://127.0.0.1:${files.address().port}`;

// startAdminHub starts a hub with the Admin UI and a service that lets everybody in.
async function startAdminHub(...flags) {
  const hub = await startHub('serve', '--admin-ui-enabled', '--admin-ui-username=admin', `--admin-ui-password-hash-file=${hashFile}`,
    '--admin-ui-mode=development', `--cors-origins=${origin()}`, '--cors-credentials', ...flags);
  await startMirror(hub.services);
  return hub;
}

async function join(hub, namespace = '/mirror') {
  const socket = io(hub.url + namespace, { forceNew: true, transports: ['websocket'], reconnection: false, query: { token: 'geheim' } });
  sockets.add(socket);
  await once(socket, 'connect');
  return socket;
}

// socketsOf asks the hub.
async function socketsOf(hub, namespace = '/mirror') {
  const { stdout } = await run(process.env.E2E_HUB, ['sockets', '--hub', hub.services, '-n', namespace, '-o', 'json']);
  return stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

async function roomsOf(hub, id) {
  const socket = (await socketsOf(hub)).find((one) => one.id === id);
  return socket ? (socket.rooms ?? []) : 'gone';
}

// eventually asks until the answer is the expected one.
async function eventually(ask, want) {
  let got;
  for (const end = Date.now() + 10_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
    got = await ask();
    if (JSON.stringify(got) === JSON.stringify(want)) return;
  }
  assert.deepEqual(got, want);
}

// open opens the page in a window of its own, without anything in its storage.
async function open() {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  await page.goto(`${origin()}/`);
  return page;
}

async function login(page, hub, password = PASSWORD) {
  await page.getByLabel('Server URL').fill(hub.url);
  await page.getByLabel('Username').fill('admin');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Connect' }).click();
}

// go shows a place of the page. A change of the hash does not load it anew.
const go = (page, place) => page.evaluate((hash) => { location.hash = hash; }, place);

async function choose(page, namespace) {
  await page.locator('.v-select.selector:visible').click();
  await page.locator('.menuable__content__active .v-list-item').filter({ hasText: namespace }).click();
}

describe('the page of the Admin UI', { ...LIMIT, concurrency: false }, () => {
  it('is not let in with a wrong password, and is with the right one', async () => {
    const hub = await startAdminHub();
    const page = await open();
    await login(page, hub, 'wrong');
    await page.getByText('Invalid credentials').waitFor();
    await login(page, hub);
    await page.getByRole('button', { name: 'Connect' }).waitFor({ state: 'hidden' });
    await page.getByText('Servers').first().waitFor();
    await page.reload(); // with the session of the login
    await page.getByText('connected', { exact: false }).first().waitFor();
    assert.equal(await page.getByLabel('Password').isVisible(), false);
    await page.context().close();
  });

  it('shows servers, sockets, rooms and events, and its buttons do what they say', async () => {
    const hub = await startAdminHub('--admin-ui-read-only=false', '--admin-ui-server-id=hub-one');
    const first = await join(hub);
    const second = await join(hub);
    const page = await open();
    await login(page, hub);
    await page.getByRole('button', { name: 'Connect' }).waitFor({ state: 'hidden' });
    await go(page, '#/servers/');
    await page.getByRole('cell', { name: 'hub-one' }).waitFor();

    await go(page, '#/sockets/');
    await choose(page, '/mirror');
    const row = (id) => page.getByRole('row').filter({ hasText: id });
    await row(first.id).waitFor();
    await row(second.id).waitFor();
    assert.equal((await page.content()).includes('geheim'), false);

    // join, with the form of a socket
    await go(page, `#/n/${encodeURIComponent('/mirror')}/sockets/${first.id}`);
    await page.getByLabel('Join a room').fill('blue');
    await page.locator('form button[type=submit]:visible').last().click();
    await eventually(() => roomsOf(hub, first.id), ['blue']);
    await row('blue').first().waitFor();
    if (process.env.E2E_SCREENSHOT) await page.screenshot({ path: `${process.env.E2E_SCREENSHOT}-socket.png` });

    // what it emits is shown
    first.emit('hello', { a: 1 });
    await go(page, '#/events/');
    await page.getByText('hello').first().waitFor();
    if (process.env.E2E_SCREENSHOT) await page.screenshot({ path: `${process.env.E2E_SCREENSHOT}-events.png` });

    // leave, with the button in the list of rooms
    await go(page, `#/n/${encodeURIComponent('/mirror')}/sockets/${first.id}`);
    await row('blue').first().getByRole('button').click();
    await eventually(() => roomsOf(hub, first.id), []);

    // disconnect, with the button in the list of sockets; the page then shows the socket that it was
    await go(page, '#/sockets/');
    const { id } = second;
    const gone = once(second, 'disconnect');
    await row(id).getByRole('button').click();
    assert.equal((await gone)[0], 'io server disconnect');
    await eventually(() => roomsOf(hub, id), 'gone');
    await page.getByRole('row').filter({ hasText: 'disconnected' }).first().waitFor();
    await go(page, '#/sockets/');
    await row(first.id).waitFor();
    await row(id).waitFor({ state: 'detached' });
    assert.equal(first.connected, true);
    if (process.env.E2E_SCREENSHOT) {
      await page.screenshot({ path: `${process.env.E2E_SCREENSHOT}-sockets.png` });
      await go(page, '#/');
      await page.getByText('hub-one').or(page.getByText('Servers')).first().waitFor();
      await new Promise((resolve) => setTimeout(resolve, 4500)); // for two seconds of counts, and the animation of the chart
      await page.screenshot({ path: `${process.env.E2E_SCREENSHOT}-dashboard.png` });
    }
    await page.context().close();
  });

  it('has no buttons with read_only, and what it says nevertheless is not done', async () => {
    const hub = await startAdminHub();
    const socket = await join(hub);
    const page = await open();
    await login(page, hub);
    await page.getByRole('button', { name: 'Connect' }).waitFor({ state: 'hidden' });
    await go(page, '#/sockets/');
    await choose(page, '/mirror');
    const row = page.getByRole('row').filter({ hasText: socket.id });
    await row.waitFor();
    assert.equal(await row.getByRole('button').count(), 0);
    await go(page, `#/n/${encodeURIComponent('/mirror')}/sockets/${socket.id}`);
    await page.getByLabel('Join a room').fill('blue'); // the page has this form in any case
    await page.locator('form button[type=submit]:visible').last().click();
    await hub.printed(/may do nothing.*action=join.*admin_ui.read_only/);
    assert.deepEqual(await roomsOf(hub, socket.id), []);
    await page.context().close();
  });
});
