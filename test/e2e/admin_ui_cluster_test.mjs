// The Admin UI over a cluster: two hubs and a Node server with the instrumentation of @socket.io/admin-ui share a real Redis. The
// page of either shows the sockets of both, its buttons work on those of the other, and a login at one hub is one at the other.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { instrument } from '@socket.io/admin-ui';
import { createAdapter } from '@socket.io/redis-adapter';
import { createClient } from 'redis';
import { Server } from 'socket.io';
import { begin, choose, end, eventually, go, HASH, join, LIMIT, login, open, origin, roomsOf, startAdminHub } from './admin_ui.mjs';
import { Process } from './processes.mjs';

let redis;
let hubs;
let node;

before(async () => {
  await begin();
  const dir = await mkdtemp(path.join(os.tmpdir(), 'admin-ui-redis-'));
  const socket = path.join(dir, 'redis.sock');
  redis = new Process('redis-server', ['--port', '0', '--unixsocket', socket, '--save', '', '--dir', dir]);
  await redis.printed(/Ready to accept connections|ready to accept connections/);
  const secret = path.join(dir, 'secret');
  await writeFile(secret, `${'s'.repeat(40)}\n`, { mode: 0o600 });
  const flags = ['--cluster-engine=redis', `--cluster-url=unix://${socket}`, `--cluster-secret-file=${secret}`, '--admin-ui-read-only=false'];
  hubs = [await startAdminHub(...flags, '--admin-ui-server-id=hub-one'), await startAdminHub(...flags, '--admin-ui-server-id=hub-two')];
  node = await startNode(socket);
}, LIMIT);
after(async () => {
  await node?.end();
  await end();
});

// patient is a client of Redis whose commands do not fail: the instrumentation goes on with them after the end.
const patient = (client) => new Proxy(client, {
  get(target, name) {
    const value = target[name];
    if (typeof value !== 'function') return value;
    return (...args) => {
      const result = value.apply(target, args);
      return result instanceof Promise ? result.catch(() => []) : result;
    };
  },
});

// startNode starts a server of socket.io that has the same rooms and the same pages.
async function startNode(socket) {
  const clients = [0, 1].map(() => createClient({ socket: { path: socket } }).on('error', () => {}));
  await Promise.all(clients.map((client) => client.connect()));
  const server = http.createServer();
  const io = new Server(server, { adapter: createAdapter(...clients.map(patient)), cors: { origin: origin(), credentials: true } });
  io.of('/mirror');
  instrument(io, { auth: { type: 'basic', username: 'admin', password: HASH }, mode: 'development', readonly: false, serverId: 'node-one' });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    io,
    rooms(id) {
      const socket = io.of('/mirror').sockets.get(id);
      return socket ? [...socket.rooms].filter((room) => room !== id) : 'gone';
    },
    async end() {
      io.disconnectSockets(true);
      await io.close();
      await Promise.all(clients.map((client) => client.disconnect().catch(() => {})));
    },
  };
}

const row = (page, text) => page.getByRole('row').filter({ hasText: text });

// connect logs in. The page gives up after some seconds, which a busy machine may need for a handshake.
async function connect(page, server) {
  const button = page.getByRole('button', { name: 'Connect' });
  for (let tries = 0; tries < 5; tries++) {
    await login(page, server);
    try {
      await button.waitFor({ state: 'hidden', timeout: 20_000 });
      return;
    } catch {
      await button.waitFor({ state: 'visible' });
    }
  }
  assert.fail('the page does not connect');
}

async function shoot(page, name) {
  if (process.env.E2E_SCREENSHOT) await page.screenshot({ path: `${process.env.E2E_SCREENSHOT}-cluster-${name}.png` });
}

// press makes a socket of another server join, leave and go by the buttons of the page; roomsOfIt asks its own server.
async function press(page, socket, roomsOfIt) {
  const { id } = socket;
  await go(page, '#/sockets/');
  await row(page, id).waitFor();
  await go(page, `#/n/${encodeURIComponent('/mirror')}/sockets/${id}`);
  await page.getByLabel('Join a room').fill('blue');
  await page.locator('form button[type=submit]:visible').last().click();
  await eventually(() => roomsOfIt(id), ['blue']);
  await row(page, 'blue').first().getByRole('button').click();
  await eventually(() => roomsOfIt(id), []);
  await go(page, '#/sockets/');
  const gone = once(socket, 'disconnect');
  await row(page, id).getByRole('button').click();
  assert.equal((await gone)[0], 'io server disconnect');
  await eventually(() => roomsOfIt(id), 'gone');
}

describe('the Admin UI of a cluster', { ...LIMIT, concurrency: false }, () => {
  it('shows at a hub what there is at a Node server and at another hub, and its buttons work there', async () => {
    const sockets = [await join(hubs[0]), await join(hubs[1]), await join(node)];
    const page = await open();
    await connect(page, hubs[0]);
    await go(page, '#/servers/');
    for (const name of ['hub-one', 'hub-two', 'node-one']) await page.getByRole('cell', { name }).waitFor();
    await shoot(page, 'servers');
    await go(page, '#/sockets/');
    await choose(page, '/mirror');
    for (const socket of sockets) await row(page, socket.id).waitFor();
    await shoot(page, 'sockets');
    await press(page, sockets[2], node.rooms);
    await press(page, sockets[1], (id) => roomsOf(hubs[1], id));
    sockets[0].close();
    await page.context().close();
  });

  it('shows at a Node server what there is at a hub, and its buttons work there', async () => {
    const sockets = [await join(node), await join(hubs[0])];
    const page = await open();
    await connect(page, node);
    await go(page, '#/servers/');
    for (const name of ['hub-one', 'hub-two', 'node-one']) await page.getByRole('cell', { name }).waitFor();
    await go(page, '#/sockets/');
    await choose(page, '/mirror');
    for (const socket of sockets) await row(page, socket.id).waitFor();
    await shoot(page, 'node');
    await press(page, sockets[1], (id) => roomsOf(hubs[0], id));
    sockets[0].close();
    await page.context().close();
  });

  it('knows at every hub who has logged in at one', async () => {
    const page = await open();
    await connect(page, hubs[0]);
    await page.getByText('Servers').first().waitFor();
    await page.waitForFunction(() => localStorage.getItem('session_id'));
    await page.evaluate((url) => { localStorage.setItem('server_url', url); }, hubs[1].url);
    await page.reload();
    await go(page, '#/servers/');
    await page.getByRole('cell', { name: 'hub-two' }).waitFor();
    assert.equal(await page.getByLabel('Password').isVisible(), false);
    await page.context().close();
  });
});
