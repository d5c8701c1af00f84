// TLS by the hub itself, with a certificate that it was given: socket.io-client in Node.js and headless Chromium.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { chromium } from 'playwright-core';
import { io } from 'socket.io-client';
import { endAll, startHub, startMirror } from './processes.mjs';

const CERT = process.env.E2E_CERT;

let hub;
let browser;
let url;

before(async () => {
  hub = await startHub('serve', '--listen-tls=127.0.0.1:0', `--tls-cert=${CERT}`, `--tls-key=${process.env.E2E_KEY}`);
  url = `https://localhost:${new URL((await hub.printed(/browsers_tls=(\S+)/))[1]).port}`;
  await startMirror(hub.services);
  browser = await chromium.launch({ executablePath: process.env.E2E_CHROMIUM, headless: true, args: ['--no-sandbox', '--ignore-certificate-errors'] });
});
after(async () => {
  await browser?.close();
  await endAll();
});

for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
  describe(transports.join(' and '), () => {
    it('carries a client in Node.js, which verifies the certificate', async () => {
      const socket = io(`${url}/mirror`, { transports, ca: readFileSync(CERT), forceNew: true });
      try {
        const { text } = await socket.emitWithAck('echo', { text: 'grüße 🌍', binary: Buffer.from([1, 2, 255]) });
        assert.equal(text, 'grüße 🌍');
        assert.equal(socket.io.engine.opts.secure, true);
      } finally {
        socket.close();
      }
    });

    it('is not taken by a client that does not know the certificate', async () => {
      const socket = io(url, { transports, reconnection: false, forceNew: true });
      const error = await new Promise((resolve) => socket.on('connect_error', resolve));
      assert.match(String(error.message), /error/);
      socket.close();
    });

    it('carries a page, which polls over HTTP/2', async () => {
      const page = await browser.newPage();
      await page.goto(`${url}/socket.io/socket.io.min.js`); // any page of the hub's own origin
      await page.addScriptTag({ url: `${url}/socket.io/socket.io.min.js` });
      const answer = await page.evaluate(async (transports) => {
        const socket = io('/mirror', { transports });
        const { text, binary } = await socket.emitWithAck('echo', { text: 'grüße 🌍', binary: new Uint8Array([1, 2, 255]).buffer });
        if (transports.at(-1) === 'websocket' && socket.io.engine.transport.name !== 'websocket') {
          await new Promise((resolve) => socket.io.engine.on('upgrade', resolve));
        }
        const polls = performance.getEntriesByType('resource').filter((e) => e.name.includes('transport=polling'));
        return { text, binary: [...new Uint8Array(binary)], transport: socket.io.engine.transport.name, polls: [...new Set(polls.map((e) => e.nextHopProtocol))] };
      }, transports);
      const polling = transports[0] === 'polling';
      assert.deepEqual(answer, { text: 'grüße 🌍', binary: [1, 2, 255], transport: transports.at(-1), polls: polling ? ['h2'] : [] });
      await page.close();
    });
  });
}
