// What browsers do at once, against a service that is slow: nothing is lost, everything is
// in order, and nobody else notices.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { io } from 'socket.io-client';
import { endAll, Process, startHub } from './processes.mjs';

const ROADS = { polling: ['polling'], websocket: ['websocket'], upgrade: ['polling', 'websocket'] };
const open = new Set();
let hub;
let crawl;

async function startCrawl() {
  const service = new Process(process.env.E2E_CRAWL, [hub.services]);
  await service.printed(/^crawl attached/m);
  return service;
}

before(async () => {
  hub = await startHub('serve');
  crawl = await startCrawl();
});
afterEach(() => {
  for (const socket of open) socket.disconnect();
  open.clear();
});
after(endAll);

function dial(namespace, road = 'websocket', options = {}) {
  const socket = io(hub.url + namespace, { transports: ROADS[road], forceNew: true, reconnection: false, ...options });
  open.add(socket);
  return socket;
}

async function join(namespace, road, options) {
  const socket = dial(namespace, road, options);
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('connect_error', reject));
  return socket;
}

// answers emits that many events at once and resolves to what was answered, in the order
// in which it came. It fails when the browser is disconnected.
function answers(socket, event, count) {
  return new Promise((resolve, reject) => {
    const got = [];
    socket.once('disconnect', (reason) => reject(new Error(`disconnected: ${reason}, after ${got.length} of ${count}`)));
    for (let i = 0; i < count; i++) {
      socket.emit(event, i, (answer) => {
        got.push(answer);
        if (got.length === count) resolve(got);
      });
    }
  });
}

// latest is what a process has printed of late.
const latest = (program) => program.output.trimEnd().split('\n').slice(-10).join('\n');

const upTo = (n) => Array.from({ length: n }, (_, i) => i);

for (const road of Object.keys(ROADS)) {
  describe(`over ${road}`, () => {
    it('answers 3 000 events at once', async () => {
      const socket = await join('/pipelined', road);
      const got = await answers(socket, 'slow', 3000);
      assert.deepEqual(got.toSorted((a, b) => a - b), upTo(3000));
    });

    it('answers 500 events at once in strict order, one after the other', async () => {
      const socket = await join('/strict', road);
      assert.deepEqual(await answers(socket, 'slow', 500), upTo(500));
    });

    it('lets a handler ask the browser whose events wait for it', async () => {
      const socket = await join('/strict', road);
      socket.on('question', (value, answer) => answer(value));
      assert.deepEqual(await answers(socket, 'ask', 3000), upTo(3000));
    });

    it('delivers what a handler pushes at once', async () => {
      const socket = await join('/pipelined', road);
      const got = [];
      socket.on('pushed', (i) => got.push(i));
      assert.equal(await socket.emitWithAck('push', 2000, 10), 2000);
      assert.equal(await socket.emitWithAck('push', 20, 100_000), 20);
      await socket.emitWithAck('slow', 0);
      const want = [...upTo(2000), ...upTo(20)];
      const wrong = want.findIndex((i, at) => got[at] !== i);
      // A service whose stream was lost meanwhile is asked again, and pushes once more.
      assert.ok(wrong < 0 && got.length === want.length,
        `${got.length} came; from ${wrong} on: ${got.slice(wrong, wrong + 10)}\n${latest(crawl)}\n${latest(hub)}`);
    });
  });
}

describe('many browsers', () => {
  it('answers 20 that send 500 each, and another one meanwhile', async () => {
    const crowd = await Promise.all(upTo(20).map((i) => join('/pipelined', i % 2 ? 'polling' : 'websocket')));
    const bystander = await join('/pipelined');
    let done = false;
    const bursts = Promise.all(crowd.map((socket) => answers(socket, 'slow', 500))).finally(() => { done = true; });
    let heard = 0;
    while (!done) {
      assert.equal(await bystander.timeout(20_000).emitWithAck('slow', heard), heard);
      heard++;
    }
    assert.ok(heard > 2, `the bystander was answered ${heard} times`);
    for (const got of await bursts) assert.deepEqual(got.toSorted((a, b) => a - b), upTo(500));
  });

  it('lets a herd of 300 in, ten decisions at a time', async () => {
    const herd = await Promise.all(upTo(300).map(() => join('/herd', 'websocket', { timeout: 60_000 })));
    const asked = await herd[0].emitWithAck('asked');
    assert.ok(asked <= 330, `${asked} decisions for 300 browsers`);
  });

  it('asks again where a decision fails, and tells the browser nothing', async () => {
    const first = await join('/pipelined');
    const second = first.io.socket('/once');
    open.add(second);
    await new Promise((resolve, reject) => {
      second.once('connect', resolve).once('connect_error', reject);
    });
  });
});

it('keeps what browsers send while there is no service', async () => {
  const sockets = await Promise.all(Object.keys(ROADS).map((road) => join('/pipelined', road)));
  await crawl.kill();
  const bursts = Promise.all(sockets.map((socket) => answers(socket, 'slow', 300)));
  const late = dial('/pipelined');
  const connected = new Promise((resolve, reject) => late.once('connect', resolve).once('connect_error', reject));
  await new Promise((resolve) => setTimeout(resolve, 3000)); // is what it is about
  crawl = await startCrawl();
  for (const got of await bursts) assert.deepEqual(got.toSorted((a, b) => a - b), upTo(300));
  await connected;
});
