// Three hubs behind a balancer that sends each request to the next one: nothing is lost, everything is in order, and a hub
// that is restarted costs its own browsers one reconnect and the others none.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { io } from 'socket.io-client';
import { endAll, Process, startHub } from './processes.mjs';

const HUBS = 3;
const MANY = Number(process.env.E2E_UNSTICKY) || 0; // browsers of each test; 0 is a few
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'unsticky-'));
const secret = path.join(dir, 'secret');
fs.writeFileSync(secret, 'a secret of this test, which is long enough\n', { mode: 0o600 });
const open = new Set();
const hubs = []; // { hub, crawl, url, key, there }
const refusals = [];
const through = new Map(); // session: the hub through which its WebSocket goes
let peers;
let front;

async function freePort() {
  const server = net.createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// start starts a hub with its service in the place of one.
async function start(i) {
  const hub = await startHub('serve', `--cluster-listen=${peers[i]}`, `--cluster-peers=${peers.join(',')}`, `--cluster-secret-file=${secret}`,
    '--shutdown-spread=500ms', '--shutdown-timeout=10s');
  const crawl = new Process(process.env.E2E_CRAWL, [hub.services]);
  await crawl.printed(/^crawl attached/m);
  const handshake = await (await fetch(`${hub.url}/socket.io/?EIO=4&transport=polling`)).text();
  hubs[i] = { hub, crawl, url: hub.url, key: JSON.parse(handshake.slice(1)).sid.slice(-6), there: true };
}

// note keeps what a hub has refused, for who looks for the reason.
function note(answer, url) {
  let body = '';
  answer.on('data', (chunk) => { body += chunk; });
  answer.on('end', () => refusals.push(`${answer.statusCode} ${body} ${url}`));
}

// balance sends each request to the next hub that is there.
function balance() {
  let turn = 0;
  const next = () => {
    const there = hubs.filter((h) => h.there);
    return there[turn++ % there.length];
  };
  const agent = new http.Agent({ keepAlive: false });
  const server = http.createServer((request, response) => {
    const { hostname, port } = new URL(next().url);
    const on = http.request({ hostname, port, agent, method: request.method, path: request.url, headers: request.headers }, (answer) => {
      if (answer.statusCode !== 200) note(answer, request.url);
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    on.on('error', (error) => {
      refusals.push(`${error.message} ${request.url}`);
      response.destroy();
    });
    response.on('close', () => { if (!response.writableFinished) on.destroy(); });
    request.pipe(on);
  });
  server.on('upgrade', (request, near, head) => {
    const hub = next();
    const { hostname, port } = new URL(hub.url);
    through.set(new URLSearchParams(request.url.split('?')[1]).get('sid'), hub);
    const far = net.connect(port, hostname);
    const lines = [`${request.method} ${request.url} HTTP/1.1`];
    for (let i = 0; i < request.rawHeaders.length; i += 2) lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
    far.write(`${lines.join('\r\n')}\r\n\r\n`);
    far.write(head);
    near.setNoDelay(true);
    far.setNoDelay(true);
    near.pipe(far).pipe(near);
    near.on('error', () => far.destroy()).on('close', () => far.destroy());
    far.on('error', () => near.destroy()).on('close', () => near.destroy());
  });
  return server;
}

before(async () => {
  peers = [];
  for (let i = 0; i < HUBS; i++) peers.push(`127.0.0.1:${await freePort()}`);
  for (let i = 0; i < HUBS; i++) await start(i);
  front = balance();
  await once(front.listen(0, '127.0.0.1'), 'listening');
});
afterEach((test) => {
  if (refusals.length) test.diagnostic(refusals.splice(0).join('\n'));
  for (const socket of open) socket.disconnect();
  open.clear();
});
after(async () => {
  front.closeAllConnections();
  front.close();
  await endAll();
  fs.rmSync(dir, { recursive: true });
});

const url = () => `http://127.0.0.1:${front.address().port}/pipelined`;

async function join(transports, options = {}) {
  const socket = io(url(), { transports, forceNew: true, reconnection: false, ...options });
  open.add(socket);
  socket.lost = [];
  socket.on('disconnect', (reason) => socket.lost.push(reason));
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('connect_error', reject));
  return socket;
}

const ask = (socket, value) => new Promise((resolve, reject) => {
  socket.once('disconnect', (reason) => reject(new Error(reason)));
  socket.emit('slow', value, resolve);
});

async function metric(i, name) {
  const page = await (await fetch(`http://${hubs[i].hub.admin.replace('http://', '')}/metrics`)).text();
  return [...page.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].reduce((sum, [, n]) => sum + Number(n), 0);
}

describe('without sticky sessions', () => {
  for (const [road, transports] of Object.entries({ polling: ['polling'], upgrade: ['polling', 'websocket'] })) {
    it(`${MANY || 40} browsers lose nothing over ${road}`, { timeout: 300_000 }, async () => {
      const browsers = await Promise.all(Array.from({ length: MANY || 40 }, () => join(transports)));
      await Promise.all(browsers.map(async (socket, b) => {
        const got = [];
        const answers = [];
        for (let i = 0; i < 50; i++) answers.push(ask(socket, [b, i]).then((value) => got.push(value)));
        await Promise.all(answers);
        assert.deepEqual(got, Array.from({ length: 50 }, (_, i) => [b, i]));
      }));
      for (const socket of browsers) assert.deepEqual(socket.lost, []);
    });
  }

  it('says how much was passed on, and nothing went wrong', async () => {
    for (let i = 0; i < HUBS; i++) {
      assert.ok(await metric(i, 'hub_relay_requests_total') > 100);
      for (const result of ['unknown', 'unreachable', 'busy']) {
        assert.equal(await metric(i, `hub_relay_requests_total\\{kind="\\w+",result="${result}"\\}`), 0, result);
      }
      assert.equal(await metric(i, 'hub_panics_total'), 0);
    }
  });

  it('a restart costs the browsers of that hub one reconnect, and others that poll none', { timeout: 300_000 }, async () => {
    const browsers = await Promise.all(Array.from({ length: MANY || 60 }, () => join(['polling'], { reconnection: true, reconnectionDelay: 100 })));
    let going = true;
    const talk = browsers.slice(0, 30).map(async (socket) => { // the others have a poll that is held all the time
      for (let i = 0; going; i++) {
        if (!socket.connected) await new Promise((resolve) => socket.once('connect', resolve));
        await ask(socket, i).catch(() => {}); // its own hub has ended
      }
    });
    for (let i = 0; i < HUBS; i++) {
      const own = new Map(browsers.map((socket) => [socket, socket.io.engine.id.slice(-6) === hubs[i].key]));
      const before = new Map(browsers.map((socket) => [socket, socket.lost.length]));
      hubs[i].there = false; // /readyz says so to a balancer
      assert.equal(await hubs[i].hub.kill('SIGTERM'), 0);
      await hubs[i].crawl.kill();
      await start(i);
      for (const socket of browsers) {
        if (!socket.connected) await new Promise((resolve) => socket.once('connect', resolve));
        const lost = socket.lost.slice(before.get(socket));
        if (own.get(socket)) assert.equal(lost.length, 1, `its hub was restarted: ${lost}`);
        else assert.deepEqual(lost, [], `another hub (${i}) was restarted:\n${hubs[i].hub.output}`);
      }
    }
    going = false;
    await Promise.all(talk);
  });

  it('a rolling restart costs each browser one reconnect for each hub that its connection needs, and no event', { timeout: 600_000 }, async () => {
    const errors = [];
    const browsers = await Promise.all(Array.from({ length: MANY || 40 }, async (_, b) => {
      const socket = await join(b % 2 ? ['polling'] : ['polling', 'websocket'], { reconnection: true, reconnectionDelay: 100, retries: 20, ackTimeout: 20_000 });
      socket.on('connect_error', (error) => errors.push(`${b}: ${error.message}`));
      socket.io.engine.on('upgradeError', () => {}); // it stays on polling
      return socket;
    }));
    let going = true;
    const talk = browsers.map(async (socket, b) => {
      const got = [];
      let sent = 0;
      let waiting = 0;
      await new Promise((resolve, reject) => {
        const more = () => {
          for (; going && waiting < 3; sent++, waiting++) {
            const n = sent;
            socket.emit('slow', [b, n], (error, value) => {
              if (error) return reject(error);
              got.push(value[1]);
              waiting--;
              if (going) setTimeout(more, 20);
              else if (!waiting) resolve();
            });
          }
        };
        more();
      });
      assert.deepEqual(got, Array.from({ length: sent }, (_, i) => i), `browser ${b}`);
      return sent;
    });
    const needs = (socket, hub) => {
      const { id, transport } = socket.io.engine;
      return id.slice(-6) === hub.key || transport.name === 'websocket' && through.get(id) === hub;
    };
    let reconnects = 0;
    for (let i = 0; i < HUBS; i++) {
      await new Promise((resolve) => setTimeout(resolve, MANY ? 3000 : 500)); // upgrades, and some events
      const own = new Map(browsers.map((socket) => [socket, needs(socket, hubs[i])]));
      const before = new Map(browsers.map((socket) => [socket, socket.lost.length]));
      hubs[i].there = false;
      assert.equal(await hubs[i].hub.kill('SIGTERM'), 0);
      await hubs[i].crawl.kill();
      await start(i);
      for (const socket of browsers) {
        if (!socket.connected) await new Promise((resolve) => socket.once('connect', resolve));
        const lost = socket.lost.slice(before.get(socket));
        reconnects += lost.length;
        assert.ok(lost.length <= (own.get(socket) ? 1 : 0), `restart of hub ${i}, ${own.get(socket) ? 'its own' : 'another one'}: ${lost}`);
      }
    }
    going = false;
    const sent = await Promise.all(talk);
    assert.deepEqual(errors, []);
    console.log(`result: ${browsers.length} browsers, ${sent.reduce((sum, n) => sum + n)} events, ${reconnects} reconnects over ${HUBS} restarts`);
  });
});
