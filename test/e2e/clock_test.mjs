// The wall clock of a hub and of its services is set, an hour forwards and a day backwards: nobody
// is disconnected, nothing comes twice, nothing waits longer than it should.

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { setTimeout as pass } from 'node:timers/promises';
import { io } from 'socket.io-client';
import { endAll, Process, startHubWith } from './processes.mjs';

const open = new Set();
let hub;

// In seconds from the start of each process.
const HUB_STEPS = '6=3600,12=-90000';
const SERVICE_STEPS = '8=-3600,14=90000';
const OVER = 18_000;

async function startCrawl(env = {}) {
  const service = new Process(process.env.E2E_CRAWL, [hub.services], { env: { ...process.env, CLOCK_STEPS: SERVICE_STEPS, ...env } });
  await service.printed(/^crawl attached/m);
  return service;
}

async function join(namespace, transports) {
  const socket = io(hub.url + namespace, { transports, forceNew: true, reconnection: false });
  open.add(socket);
  await new Promise((resolve, reject) => { socket.once('connect', resolve).once('connect_error', reject); });
  socket.once('disconnect', (reason) => { if (open.has(socket)) socket.lost = reason; });
  return socket;
}

before(async () => {
  process.env.E2E_HUB = process.env.E2E_CLOCK_HUB;
  hub = await startHubWith({ CLOCK_STEPS: HUB_STEPS }, 'serve', '--ping-interval=1s', '--ping-timeout=2s', '--log-level=debug');
});
after(endAll);

it('goes on when the clock is set', async () => {
  const begin = Date.now();
  const services = [await startCrawl(), await startCrawl({ CRAWL_MUTE: 'yes' })]; // where a decision could be asked for twice
  const sockets = await Promise.all([['polling'], ['websocket'], ['polling', 'websocket']].map((road) => join('/pipelined', road)));
  let worst = 0;
  let joined = 0;
  const herd = [];
  const muted = []; // come before the clock is set back; some go to who does not answer, for 5 s
  while (Date.now() - begin < OVER) {
    if (Date.now() - begin > joined * 2000 && joined < 5) { // decisions of 4 s are under way at each step
      joined++;
      herd.push(join('/ponder4', ['websocket']));
    }
    if (Date.now() - begin > 9000 && muted.length === 0) {
      for (let i = 0; i < 8; i++) muted.push(join('/mute', ['websocket']));
    }
    const start = Date.now();
    const got = await Promise.all(sockets.map((socket) => socket.timeout(10_000).emitWithAck('slow', start)));
    assert.deepEqual(got, sockets.map(() => start));
    worst = Math.max(worst, Date.now() - start);
    await pass(20);
  }
  const decided = await Promise.all(herd);
  for (const socket of await Promise.all(muted)) assert.equal(socket.lost, undefined);
  for (const socket of [...sockets, ...decided]) assert.equal(socket.lost, undefined);
  const asked = services.flatMap(({ output }) => [...output.matchAll(/^crawl decides (\S+)/gm)].map((m) => m[1]));
  assert.deepEqual(asked.toSorted(), decided.map(({ id }) => id).toSorted(), 'one decision for each');
  assert.ok(worst < 3000, `an echo took ${worst} ms`);
});

it('ends in order', async () => {
  open.clear();
  assert.equal(await hub.kill('SIGTERM'), 0);
  const hours = new Set([...hub.output.matchAll(/^time=(.{13})/gm)].map((m) => m[1]));
  assert.ok(hours.size > 1, `the clock was not set: ${[...hours]}`);
});
