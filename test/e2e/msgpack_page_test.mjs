// The client with msgpack that the hub itself serves, in headless Chromium.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { chromium } from 'playwright-core';
import { endAll, startHub, startMirror } from './processes.mjs';

const BUNDLE = '/socket.io/socket.io.msgpack.min.js';

let hub;
let browser;

before(async () => {
  hub = await startHub('serve', '--parser=both');
  await startMirror(hub.services);
  browser = await chromium.launch({ executablePath: process.env.E2E_CHROMIUM, headless: true, args: ['--no-sandbox'] });
});
after(async () => {
  await browser?.close();
  await endAll();
});

describe('a page with the client of msgpack', { concurrency: false }, () => {
  for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
    it(`echoes over ${transports.join(' and ')}`, async () => {
      const page = await browser.newPage();
      await page.goto(hub.url + BUNDLE); // any page of the hub's own origin
      await page.addScriptTag({ url: hub.url + BUNDLE });
      const answer = await page.evaluate(async (transports) => {
        const socket = io('/mirror', { transports });
        const bytes = new Uint8Array([1, 2, 255]);
        const { text, list, binary } = await socket.emitWithAck('echo', { text: 'grüße 🌍', list: [1, 0.5, null], binary: bytes.buffer });
        const seen = await new Promise((resolve) => socket.emit('show', undefined, new Date(0), bytes, (...args) => resolve(args)));
        return { text, list, binary: [...new Uint8Array(binary)], seen };
      }, transports);
      assert.deepEqual(answer, {
        text: 'grüße 🌍', list: [1, 0.5, null], binary: [1, 2, 255],
        seen: ['[null,"1970-01-01T00:00:00.000Z",{"0":1,"1":2,"2":255}]', 0],
      });
      await page.close();
    });
  }
});
