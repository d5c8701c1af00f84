// What takes its time: decisions, services that come back late, slow lines. Everything is answered,
// in order, and nobody is disconnected. The tests wait beside each other.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pass } from 'node:timers/promises';
import { io } from 'socket.io-client';
import { endAll, Process, startHub, startSlowWire } from './processes.mjs';

const ROADS = { polling: ['polling'], websocket: ['websocket'], upgrade: ['polling', 'websocket'] };
const open = new Set();
const wires = new Set();
let hub;

async function startCrawl(services) {
  const service = new Process(process.env.E2E_CRAWL, [services]);
  await service.printed(/^crawl attached/m);
  return service;
}

async function startWireTo(url, rates) {
  const wire = await startSlowWire(url, rates);
  wires.add(wire);
  return wire.url;
}

before(async () => {
  hub = await startHub('serve');
  await startCrawl(hub.services);
});
after(async () => {
  for (const socket of open) socket.disconnect();
  for (const wire of wires) wire.close();
  await endAll();
});

// dial gives a socket, and a promise that fails when it is disconnected or refused.
function dial(url, road) {
  const socket = io(url, { transports: ROADS[road], forceNew: true, reconnection: false, timeout: 60_000 });
  open.add(socket);
  const trouble = new Promise((_, reject) => {
    socket.once('connect_error', (error) => reject(new Error(`${road}: ${error.message}`)));
    socket.once('disconnect', (reason) => reject(new Error(`${road}: disconnected, ${reason}`)));
  });
  trouble.catch(() => {}); // it is raced with what is awaited; the end of the test is no trouble
  const connected = new Promise((resolve) => { socket.once('connect', resolve); });
  return { socket, road, connected, well: (promise) => Promise.race([promise, trouble]) };
}

async function join(url, road) {
  const dialled = dial(url, road);
  await dialled.well(dialled.connected);
  return dialled;
}

const upTo = (n) => Array.from({ length: n }, (_, i) => i);
const everyRoad = (f) => Promise.all(Object.keys(ROADS).map(f));

describe('patience', { concurrency: true }, () => {
  it('lets browsers in after decisions of 8 s, asked for once each', async () => {
    const herd = await Promise.all(upTo(30).map((i) => join(`${hub.url}/ponder`, Object.keys(ROADS)[i % 3])));
    assert.equal(await herd[0].socket.emitWithAck('asked'), herd.length);
  });

  for (const seconds of [3, 40]) {
    it(`keeps what browsers send while the service is away for ${seconds} s`, async () => {
      const own = await startHub('serve');
      const crawl = await startCrawl(own.services);
      const there = await everyRoad((road) => join(`${own.url}/pipelined`, road));
      await crawl.kill();
      const answers = Promise.all(there.map(({ socket, well }) => (
        well(Promise.all(upTo(300).map((i) => socket.emitWithAck('slow', i)))))));
      const late = await everyRoad((road) => dial(`${own.url}/pipelined`, road));
      const early = Promise.all(late.map(({ socket, well }) => well(socket.emitWithAck('slow', 'early'))));
      await pass(seconds * 1000); // is what it is about
      await startCrawl(own.services);
      for (const got of await answers) assert.deepEqual(got, upTo(300));
      assert.deepEqual(await early, late.map(() => 'early'));
    });
  }

  it('takes 60 KB over an uplink of 4 KB/s', async () => {
    const url = await startWireTo(hub.url, { up: 4096 });
    await everyRoad(async (road) => {
      const { socket, well } = await join(`${url}/pipelined`, road);
      assert.equal(await well(socket.emitWithAck('size', 'x'.repeat(60_000))), 60_000);
      assert.equal(await well(socket.emitWithAck('slow', 'after')), 'after');
    });
  });

  it('delivers 6 MB at once to browsers that read 2 MB/s', async () => {
    const url = await startWireTo(hub.url, { down: 2_000_000 });
    await everyRoad(async (road) => {
      const { socket, well } = await join(`${url}/pipelined`, road);
      const got = [];
      socket.on('pushed', (i, bytes) => { assert.equal(bytes.length ?? bytes.byteLength, 100_000); got.push(i); });
      assert.equal(await well(socket.emitWithAck('push', 60, 100_000)), 60);
      assert.deepEqual(got, upTo(60));
    });
  });
});
