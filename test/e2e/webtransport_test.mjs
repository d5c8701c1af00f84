// WebTransport: socket.io-client in headless Chromium, which knows the hub's certificate by its hash.

import assert from 'node:assert/strict';
import { X509Certificate, createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { chromium } from 'playwright-core';
import { io as connect } from 'socket.io-client';
import { endAll, endOf, startHub, startMirror } from './processes.mjs';

const CERT = readFileSync(process.env.E2E_CERT);
const LIMIT = { timeout: 60_000 };
const hash = [...createHash('sha256').update(new X509Certificate(CERT).raw).digest()];

let hub;
let browser;
let url;

before(async () => {
  hub = await startHub('serve', '--listen-tls=127.0.0.1:0', `--tls-cert=${process.env.E2E_CERT}`, `--tls-key=${process.env.E2E_KEY}`,
    '--transports=polling,websocket,webtransport', '--ping-interval=200ms');
  // By address: for a name that has two Chromium tries the first alone.
  url = new URL((await hub.printed(/ webtransport=(\S+)/))[1]).origin;
  await startMirror(hub.services);
  browser = await chromium.launch({ executablePath: process.env.E2E_CHROMIUM, headless: true, args: ['--no-sandbox', '--ignore-certificate-errors'] });
});
after(async () => {
  await browser?.close();
  await endAll();
});

// open loads a page of the hub's own origin with a function that opens a socket and waits for its transport.
async function open() {
  const page = await browser.newPage();
  await page.goto(`${url}/socket.io/socket.io.min.js`);
  await page.addScriptTag({ url: `${url}/socket.io/socket.io.min.js` });
  await page.evaluate((hash) => {
    window.hash = hash;
    window.open1 = async (transports, auth = {}, more = {}) => {
      const socket = io('/mirror', {
        transports, auth, forceNew: true, ...more,
        transportOptions: { webtransport: { serverCertificateHashes: [{ algorithm: 'sha-256', value: new Uint8Array(hash) }] } },
      });
      await new Promise((resolve, reject) => { socket.once('connect', resolve); socket.once('connect_error', reject); });
      if (socket.io.engine.transport.name === 'polling') await new Promise((resolve) => socket.io.engine.once('upgrade', resolve));
      return socket;
    };
  }, hash);
  return page;
}

// With all three the client tries WebTransport first, and WebSocket as well after 200 ms.
for (const transports of [['webtransport'], ['polling', 'webtransport'], ['polling', 'websocket', 'webtransport']]) {
  describe(transports.join(' and '), () => {
    it('carries text and binary both ways', LIMIT, async () => {
      const page = await open();
      const answer = await page.evaluate(async (transports) => {
        const socket = await open1(transports);
        const bytes = new Uint8Array(300_000).map((_, i) => i * 7);
        const { text, binary } = await socket.emitWithAck('echo', { text: 'grüße 🌍', binary: bytes.buffer });
        const large = await socket.emitWithAck('echo', 'é'.repeat(200_000));
        const back = new Uint8Array(binary);
        socket.on('question', (q, ack) => ack(`${q}: 42`));
        const asked = await socket.emitWithAck('ask', 'the answer');
        return { text, binary: back.length === bytes.length && back.every((b, i) => b === bytes[i]), large: large.length, asked, transport: socket.io.engine.transport.name };
      }, transports);
      const { transport, ...rest } = answer;
      assert.deepEqual(rest, { text: 'grüße 🌍', binary: true, large: 200_000, asked: 'the answer: 42' });
      assert.ok(transports.slice(1).concat('webtransport').includes(transport), transport);
      await page.close();
    });

    it('keeps order through the change of transports', LIMIT, async () => {
      const page = await open();
      const said = await page.evaluate(async (transports) => {
        const socket = io('/mirror', {
          transports, forceNew: true,
          transportOptions: { webtransport: { serverCertificateHashes: [{ algorithm: 'sha-256', value: new Uint8Array(window.hash) }] } },
        });
        const said = [];
        socket.on('said', (n) => said.push(n));
        for (let n = 0; n < 300; n++) {
          socket.emit('say', n);
          if (n % 10 === 0) await new Promise((resolve) => { setTimeout(resolve, 10); });
        }
        while (said.length < 300) await new Promise((resolve) => { setTimeout(resolve, 10); });
        return { said, transport: socket.io.engine.transport.name };
      }, transports);
      assert.deepEqual(said.said, [...Array(300).keys()]);
      assert.ok(transports.slice(1).concat('webtransport').includes(said.transport), said.transport);
      await page.close();
    });
  });
}

describe('a page over WebTransport', () => {
  it('is refused with data, and has two namespaces', LIMIT, async () => {
    const page = await open();
    const got = await page.evaluate(async () => {
      const socket = await open1(['webtransport']);
      const root = socket.io.socket('/', { auth: { token: 'wrong' } });
      const refusal = await new Promise((resolve) => root.once('connect_error', resolve));
      const { text } = await socket.emitWithAck('echo', { text: 'still here' });
      return { message: refusal.message, data: refusal.data, text };
    });
    assert.deepEqual(got, { message: 'that is not the word', data: { code: 'WRONG', tries: 3 }, text: 'still here' });
    await page.close();
  });

  it('lives through many heartbeats', LIMIT, async () => {
    const page = await open();
    const got = await page.evaluate(async () => {
      const socket = await open1(['webtransport']);
      let pings = 0;
      await new Promise((resolve) => socket.io.on('ping', () => { if (++pings === 10) resolve(); }));
      return { connected: socket.connected, text: (await socket.emitWithAck('echo', { text: 'there' })).text };
    });
    assert.deepEqual(got, { connected: true, text: 'there' });
    await page.close();
  });

  it('comes back when its transport is lost', LIMIT, async () => {
    const page = await open();
    const got = await page.evaluate(async () => {
      const socket = await open1(['webtransport'], {}, { reconnectionDelay: 50 });
      const first = socket.id;
      const reason = new Promise((resolve) => socket.once('disconnect', resolve));
      const again = new Promise((resolve) => socket.once('disconnect', () => socket.once('connect', resolve)));
      socket.io.engine.transport.doClose();
      await again;
      return { reason: await reason, another: socket.id !== first, text: (await socket.emitWithAck('echo', { text: 'back' })).text };
    });
    assert.deepEqual(got, { reason: 'transport close', another: true, text: 'back' });
    await page.close();
  });

  for (const [how, reasons, leave] of [
    // Who closes a session of WebTransport does not wait until what it wrote last has come: the packet may be lost.
    ['by its own will', ['client namespace disconnect', 'transport close'], (page) => page.evaluate(() => { window.socket.disconnect(); })],
    // Chromium says it only if the page is taken down before its process has gone.
    ['by closing its tab', ['transport close', 'ping timeout'], (page) => page.close()],
    ['by closing its tab, which the page says', ['transport close'], async (page) => {
      await page.evaluate(() => { addEventListener('pagehide', () => window.socket.io.engine.close()); });
      await page.close();
    }],
  ]) {
    it(`leaves ${how}, and the service hears of it`, LIMIT, async () => {
      const watcher = connect(`${hub.url}/mirror`, { auth: { rooms: ['watchers'] }, forceNew: true });
      try {
        await new Promise((resolve) => watcher.once('connect', resolve));
        const page = await open();
        const id = await page.evaluate(async () => { window.socket = await open1(['webtransport']); return window.socket.id; });
        const gone = endOf(watcher, id);
        await leave(page);
        const [, why] = await gone;
        assert.ok(reasons.includes(why), why);
        await page.close();
      } finally {
        watcher.close();
      }
    });
  }

  it('is told by the service to leave', LIMIT, async () => {
    const page = await open();
    const reason = await page.evaluate(async () => {
      const socket = await open1(['webtransport']);
      const gone = new Promise((resolve) => socket.once('disconnect', resolve));
      socket.emit('kick');
      return gone;
    });
    assert.equal(reason, 'io server disconnect');
    await page.close();
  });

  it('leaves with the hub, in order', LIMIT, async () => {
    const page = await open();
    await page.evaluate(async () => {
      window.gone = new Promise((resolve) => { open1(['webtransport'], {}, { reconnection: false }).then((socket) => { window.ready = true; socket.once('disconnect', resolve); }); });
    });
    await page.waitForFunction(() => window.ready);
    const ended = hub.kill('SIGTERM');
    assert.equal(await page.evaluate(() => window.gone), 'transport close');
    assert.equal(await ended, 0);
    await page.close();
  });
});
