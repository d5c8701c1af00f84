// Browsers are cut at random moments, over each transport: before their first event, in the middle of an upgrade, of a
// binary event, of a burst, and while they come back. Nothing is missing, nothing comes twice, and order holds. What could
// not be recovered is told apart, and counted.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import net from 'node:net';
import msgpack from 'socket.io-msgpack-parser';
import { io } from 'socket.io-client';
import { endAll, startHub, startMirror } from './processes.mjs';

const CUTS = Number(process.env.E2E_CUTS ?? 24); // over each transport
const LIFE = 10; // cuts of one browser; the next one begins anew
const BLOB = 100_000; // bytes of a binary event: some reads and frames
const roads = {
  polling: { transports: ['polling'] },
  websocket: { transports: ['websocket'] },
  upgrade: { transports: ['polling', 'websocket'] },
  'upgrade, msgpack': { transports: ['polling', 'websocket'], parser: msgpack },
};
let hub;

before(async () => {
  // A client whose WebSocket breaks behind its probe never polls again and finds out by the heartbeat alone: it is short.
  hub = await startHub('serve', '--parser=both', '--recovery-enabled', '--ping-interval=1s', '--ping-timeout=2s');
  await startMirror(hub.services);
});
after(async () => {
  console.log(`result: the hub: ${await outcomes()}`);
  await endAll();
});

// outcomes is what came of those who wanted to come back, as the hub has counted them.
async function outcomes() {
  const metrics = await (await fetch(`${hub.admin}/metrics`)).text();
  return [...metrics.matchAll(/^hub_recoveries_total\{result="(\w+)"\} (\d+)$/mg)].map(([, result, n]) => `${result} ${n}`).join(', ');
}

const random = (n) => Math.floor(Math.random() * n);
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

async function until(what, holds, ms = 60_000) {
  for (const end = Date.now() + ms; !holds();) {
    assert.ok(Date.now() < end, `not within ${ms} ms: ${what()}`);
    await pause(3);
  }
}

// A proxy that breaks all its connections: now, or behind so many bytes for the browser.
async function startCutter() {
  const { hostname, port } = new URL(hub.url);
  const open = new Set();
  let left = Infinity;
  const cut = () => {
    left = Infinity;
    for (const s of open) s.destroy();
  };
  const server = net.createServer((browser) => {
    const up = net.connect(Number(port), hostname);
    for (const [s, other] of [[browser, up], [up, browser]]) {
      open.add(s);
      s.setNoDelay(true);
      s.on('error', () => {}).on('close', () => { open.delete(s); other.destroy(); });
    }
    browser.pipe(up);
    up.on('data', (bytes) => {
      if (bytes.length < left) {
        left -= bytes.length;
        browser.write(bytes);
        return;
      }
      browser.write(bytes.subarray(0, left), cut); // and no byte more
      left = -1;
    });
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    cut,
    cutBehind: (bytes) => { left = bytes; },
    waits: () => left !== Infinity,
    close: () => { cut(); server.close(); },
  };
}

// Browser is one life: what it got, and how often it was back.
class Browser {
  got = [];
  connects = 0;
  anew = 0;
  sent = 0;

  constructor(cutter, talker, road) {
    this.cutter = cutter;
    this.talker = talker;
    this.room = `cast:${road}`;
    this.socket = io(cutter.url, {
      ...roads[road], forceNew: true, reconnectionDelay: 2, reconnectionDelayMax: 10, auth: { user: 'ann', rooms: [this.room], quiet: true },
    });
    this.socket.on('connect', () => {
      if (this.connects++ > 0 && !this.socket.recovered) {
        this.anew++;
        this.got.push('anew');
      }
    });
    this.socket.on('cast', (n, ...rest) => { // a blob or none, and the offset
      const whole = rest.length === 1 || (rest.length === 2 && Buffer.from(rest[0]).length === BLOB);
      this.got.push(whole && typeof rest.at(-1) === 'string' ? n : `${n} with ${rest}`);
    });
  }

  say(blob) {
    const n = this.sent++;
    this.talker.emit(this.room, ...(blob ? [n, Buffer.alloc(BLOB, n)] : [n]));
  }

  here() { return until(() => this.describe(), () => this.socket.connected); }

  describe() {
    const e = this.socket.io.engine;
    return `connected ${this.connects} times, ${this.sent} said, the last of ${this.got.length} got ${this.got.at(-1)}; engine ${e?.readyState}, `
      + `upgrading ${e?.upgrading}, ${e?.transport?.name} ${e?.transport?.readyState}`;
  }

  // Said and got are the same, but for what is missing between two sessions.
  check() {
    let next = 0;
    let gap = false;
    for (const n of this.got) {
      if (n === 'anew') { gap = true; continue; }
      assert.ok(n === next || (gap && n > next), `got ${n} where ${next} comes: ${this.got}`);
      next = n + 1;
      gap = false;
    }
  }
}

// The moments. Each leads to a cut, at once or a moment later, and counts itself if it was what it says.
const moments = {
  'before the first event': async (b) => { if (b.got.length === 0 && b.sent === 0) return true; await pause(random(5)); return false; },
  'in an upgrade': async (b) => {
    b.cutter.cut(); // an upgrade begins with a connection
    await pause(20);
    await b.here();
    const { engine } = b.socket.io;
    await Promise.race([new Promise((resolve) => { engine.once('upgrading', resolve); }), pause(100)]);
    if (random(2)) await pause(random(4));
    return engine.upgrading;
  },
  'in a binary event': async (b) => {
    b.say(true);
    b.cutter.cutBehind(random(BLOB));
    return behind(b);
  },
  'in a burst': async (b) => {
    for (let n = 5 + random(30); n > 0; n--) b.say(random(40) === 0);
    b.cutter.cutBehind(random(3000));
    return behind(b);
  },
  'while it comes back': async (b) => {
    b.cutter.cut();
    await pause(random(15));
    return !b.socket.connected;
  },
  idle: async () => { await pause(random(30)); return true; },
};

// behind waits until so many bytes have come, or no more do.
async function behind(b) {
  for (let n = 0; n < 30; n++) {
    if (!b.cutter.waits()) return true;
    await pause(3);
  }
  return false;
}

async function live(b, cuts, road, total) {
  const kinds = Object.keys(moments).slice(1).filter((kind) => kind !== 'in an upgrade' || road.startsWith('upgrade'));
  await b.here();
  for (let i = 0; i < cuts; i++) {
    const kind = i === 0 ? 'before the first event' : kinds[random(kinds.length)];
    if (await moments[kind](b)) total[kind] = (total[kind] ?? 0) + 1;
    b.cutter.cut();
    if (random(3) === 0) b.say(random(4) === 0); // while it is away
    await pause(random(20)); // between two requests there was nothing to cut, and the browser has not noticed
    if (random(4)) await b.here();
  }
  await b.here();
  b.say();
  await until(() => b.describe(), () => b.got.at(-1) === b.sent - 1);
  b.check();
  total.comebacks += b.connects - 1;
  total.anew += b.anew;
  total.events += b.sent;
}

describe('a browser that is cut', { concurrency: true }, () => {
  for (const road of Object.keys(roads)) {
    it(`over ${road} misses nothing and gets nothing twice`, { timeout: 3_600_000 }, async () => {
      const cutter = await startCutter();
      const talker = io(hub.url, { transports: ['websocket'], forceNew: true, auth: { user: 'bob' } });
      const total = { comebacks: 0, anew: 0, events: 0 };
      let b;
      try {
        for (let left = CUTS; left > 0; left -= LIFE) {
          b = new Browser(cutter, talker, road);
          await live(b, Math.min(left, LIFE), road, total);
          b.socket.disconnect();
        }
      } finally {
        b.socket.disconnect();
        talker.disconnect();
        cutter.close();
        console.log(`result: ${road}: ${CUTS} cuts: ${JSON.stringify(total)}`);
      }
      assert.ok(total.comebacks > CUTS / 3, `only ${total.comebacks} times back`);
      assert.ok(total.anew <= Math.max(2, CUTS / 200), `${total.anew} of ${total.comebacks} began anew`);
    });
  }
});
