// Socket.IO client 0.9 of npm, whose protocol is older than Engine.IO, against `hub serve --allow-v09` and a service process.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, afterEach, before, describe, it } from 'node:test';
import { io as today } from 'socket.io-client';
import { endAll, endOf, startHub, startMirror } from './processes.mjs';

const require = createRequire(import.meta.url);
const oldest = require('socket.io-client-0.9');
const TRANSPORTS = ['websocket', 'xhr-polling'];
const PING = 250;

let hub;
const open = new Set();

before(async () => {
  // Its WebSocket in Node.js has an Origin that is none (a host with its port), which "*" alone lets in.
  hub = await startHub('serve', '--allow-v09', '--cors-origins=*', '--start-grace=0', `--ping-interval=${PING}ms`, '--ping-timeout=5s');
  await startMirror(hub.services);
});
afterEach(() => {
  for (const main of open) {
    main.socket.options.reconnect = false;
    main.socket.disconnect();
  }
  open.clear();
});
after(endAll);

// connect opens a session of its own and returns the main namespace.
function connect(transport, query = '', options = {}) {
  oldest.transports = [transport]; // the option of that name is merged with what is there
  const main = oldest.connect(hub.url + (query && `/?${query}`), { 'force new connection': true, 'reconnection delay': 5, ...options });
  open.add(main);
  return main;
}

const heard = (emitter, event) => new Promise((resolve) => emitter.once(event, (...args) => resolve(args)));
const asked = (socket, ...args) => new Promise((resolve) => socket.emit(...args, (...answer) => resolve(answer)));
const words = 'grüße 🌍 \u2028"\\n\n:\uFFFD';

// dropped is how many packets the hub could not say in this protocol.
async function dropped() {
  const metrics = await (await fetch(`${hub.admin}/metrics`)).text();
  return Number(metrics.match(/^hub_limits_reached_total\{limit="allow_v09"\} (\d+)$/m)?.[1] ?? 0);
}

async function join(transport, query) {
  const main = connect(transport, query);
  const welcome = heard(main, 'welcome');
  await heard(main, 'connect');
  return Object.assign(main, { welcome: await welcome });
}

for (const transport of TRANSPORTS) {
  describe(`socket.io-client 0.9 over ${transport}`, { concurrency: false }, () => {
    it('connects with its query', async () => {
      const main = await join(transport, `user=${encodeURIComponent('adä')}`);
      assert.deepEqual(main.welcome, ['adä', 'polling']);
      assert.equal(main.socket.transport.name, transport);
    });

    it('speaks both ways, and acknowledges both ways', async () => {
      const main = await join(transport);
      const value = { words, list: [1, -2.5, null, [], true] };
      assert.deepEqual(await asked(main, 'echo', value, words), [value, words]);
      main.on('question', (question, answer) => answer([question, words]));
      assert.deepEqual((await asked(main, 'ask', value))[0], [value, words]);
      const said = heard(main, 'said');
      main.emit('say', words, 1);
      assert.deepEqual(await said, [words, 1]);
      assert.deepEqual(await asked(main, 'echo', words.repeat(10_000)), [words.repeat(10_000)]);
      await new Promise((resolve) => main.send('text', resolve));
    });

    it('keeps order', async () => {
      const main = await join(transport);
      const seen = [];
      main.on('said', (n) => seen.push(n));
      for (let n = 0; n < 200; n++) main.emit('say', n);
      await asked(main, 'echo');
      assert.deepEqual(seen, Array.from({ length: 200 }, (_, n) => n));
    });

    it('joins a namespace, without waiting for it, and leaves it', async () => {
      const main = await join(transport);
      const mirror = main.socket.of('/mirror');
      assert.deepEqual(await asked(mirror, 'echo', 'b'), ['b']);
      assert.deepEqual(await asked(main, 'echo', 'a'), ['a']);
      const watcher = await join(transport);
      await asked(watcher.socket.of('/mirror'), 'join', 'watchers');
      // It is not told its id; who asks its room is.
      mirror.on('question', (_, answer) => answer('me'));
      await asked(mirror, 'join', 'leavers');
      const [, answers] = await asked(mirror, 'poll', 'leavers', 'who?');
      const gone = endOf(watcher.socket.of('/mirror'), Object.keys(answers)[0]);
      mirror.disconnect();
      assert.equal((await gone)[1], 'client namespace disconnect');
      assert.deepEqual(await asked(main, 'echo', 'c'), ['c']);
    });

    it('is refused, and goes on', async () => {
      const main = await join(transport);
      const nowhere = main.socket.of('/nowhere');
      const failed = heard(nowhere, 'connect_failed');
      nowhere.emit('say', 'lost');
      assert.deepEqual(await failed, ['unauthorized']);
      nowhere.emit('say', 'lost');
      assert.deepEqual(await asked(main, 'echo', 1), [1]);
    });

    it('stands beside clients of today in a room', async () => {
      const main = await join(transport);
      const other = today(hub.url, { forceNew: true });
      await asked(main, 'join', 'cast:all');
      await asked(other, 'join', 'cast:all');
      const [a, b] = [heard(main, 'cast'), heard(other, 'cast')];
      other.emit('cast:all', words, [1]);
      assert.deepEqual(await a, [words, [1]]);
      assert.deepEqual(await b, [words, [1]]);
      // It has no binary: what follows is not held up.
      const earlier = await dropped();
      other.emit('cast:all', Buffer.from([1, 2]));
      const next = heard(main, 'cast');
      other.emit('cast:all', 'next');
      assert.deepEqual(await next, ['next']);
      assert.equal(await dropped(), earlier + 1);
      await hub.printed(/has no binary/);
      other.disconnect();
    });

    it('stays for as long as it answers', async () => {
      const main = await join(transport);
      let gone = false;
      main.on('disconnect', () => { gone = true; });
      for (let beats = 0; beats < 5; beats++) await new Promise((resolve) => intercept(main.socket.transport, resolve));
      assert.equal(gone, false);
      assert.deepEqual(await asked(main, 'echo', 1), [1]);
    });

    it('is told to leave, and does not come back', async () => {
      const main = await join(transport);
      const gone = heard(main, 'disconnect');
      main.emit('kick');
      assert.deepEqual(await gone, ['booted']);
    });
  });
}

// intercept calls back at the transport's next heartbeat.
function intercept(transport, beat) {
  const before = transport.onHeartbeat;
  transport.onHeartbeat = function onHeartbeat() {
    transport.onHeartbeat = before;
    before.call(this);
    beat();
  };
}

describe('without --allow-v09', { concurrency: false }, () => {
  it('the client is refused, and the log names the option', async () => {
    const closed = await startHub('serve');
    const main = oldest.connect(closed.url, { 'force new connection': true, reconnect: false });
    await heard(main, 'error');
    await closed.printed(/option=allow_v09/);
  });
});
