// Socket.IO clients 1 and 2 of npm, which speak Engine.IO 3, against `hub serve --allow-eio3` and a service process.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, afterEach, before, describe, it } from 'node:test';
import { io as today } from 'socket.io-client';
import { endAll, endOf, startHub, startMirror, startWire } from './processes.mjs';

const require = createRequire(import.meta.url);
const CLIENTS = ['socket.io-client-1', 'socket.io-client-2.0', 'socket.io-client-2.5'];
const ROADS = {
  polling: { transports: ['polling'] },
  base64: { transports: ['polling'], forceBase64: true },
  websocket: { transports: ['websocket'] },
  upgrade: { transports: ['polling', 'websocket'] },
};
const PING = 250;

let hub;
const open = new Set();

before(async () => {
  hub = await startHub('serve', '--allow-eio3', '--start-grace=0', `--ping-interval=${PING}ms`, '--ping-timeout=5s');
  await startMirror(hub.services);
});
afterEach(() => {
  for (const socket of open) {
    socket.io.reconnection(false);
    socket.disconnect();
    socket.io.engine?.close();
  }
  open.clear();
});
after(endAll);

// managerOf is a connection of its own, which may carry several namespaces.
function managerOf(client, road, options = {}) {
  const { Manager } = require(client);
  const { url = hub.url, ...rest } = options;
  return new Manager(url, { ...ROADS[road], reconnectionDelay: 1, reconnectionDelayMax: 5, randomizationFactor: 0, ...rest });
}

function enter(manager, namespace, query) {
  const socket = manager.socket(namespace, query && { query });
  open.add(socket);
  return socket;
}

async function join(client, road, query, options) {
  const manager = managerOf(client, road, options);
  const socket = enter(manager, '/mirror', query);
  const welcome = heard(socket, 'welcome');
  await connected(socket);
  if (road === 'upgrade' && socket.io.engine.transport.name === 'polling') await heard(socket.io.engine, 'upgrade');
  return Object.assign(socket, { welcome: await welcome });
}

// heard resolves to the arguments of an event. Old clients also emit `error` where today's say connect_error.
const heard = (emitter, event) => new Promise((resolve) => emitter.once(event, (...args) => resolve(args)));
const connected = (socket) => new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
const asked = (socket, ...args) => new Promise((resolve) => socket.emit(...args, (...answer) => resolve(answer)));

// idOf is the public id as the hub has it; clients 1 show that of the main namespace in all of them.
const idOf = (socket) => `${socket.nsp}#${socket.io.engine.id}`;

const bytes = Buffer.from([0, 255, 30, 58, 128]);
const words = 'grüße 🌍 \u2028"\\n\n:';
// Clients 1 encode text twice over polling without binary payloads, which Node.js does not have there. As long as they have
// posted ASCII alone nobody can tell.
const firstWords = (client, road) => (client.endsWith('-1') && road !== 'websocket' ? 'ada' : words);

for (const client of CLIENTS) {
  for (const road of Object.keys(ROADS)) {
    describe(`${client} over ${road}`, { concurrency: false }, () => {
      it('connects with its query, and is known by the id that it shows', async () => {
        const first = firstWords(client, road);
        const socket = await join(client, road, `user=${encodeURIComponent(first)}`);
        assert.deepEqual(socket.welcome, [first, ROADS[road].transports[0]]);
        if (!client.endsWith('-1')) assert.equal(socket.id, idOf(socket));
        socket.on('question', (_, answer) => answer('mine'));
        assert.deepEqual(await asked(socket, 'poll', idOf(socket), 'who?'), [1, { [idOf(socket)]: ['mine'] }]);
        assert.equal(socket.io.engine.transport.name, ROADS[road].transports.at(-1));
      });

      it('speaks text and binary both ways, and acknowledges both ways', async () => {
        const socket = await join(client, road);
        const value = { words, list: [1, -2.5, null, [], true], bytes, deep: [{ more: bytes }] };
        assert.deepEqual((await asked(socket, 'echo', words))[0], words);
        assert.deepEqual((await asked(socket, 'echo', value))[0], value);
        socket.on('question', (question, answer) => answer([question, bytes]));
        assert.deepEqual((await asked(socket, 'ask', bytes))[0], [bytes, bytes]);
        const said = heard(socket, 'said');
        socket.emit('say', bytes, words);
        assert.deepEqual(await said, [bytes, words]);
        const big = Buffer.alloc(100_000, 7);
        assert.deepEqual((await asked(socket, 'echo', big, words.repeat(1000))), [big, words.repeat(1000)]);
      });

      it('keeps order', async () => {
        const socket = await join(client, road);
        const seen = [];
        socket.on('said', (n) => seen.push(n));
        for (let n = 0; n < 100; n++) socket.emit('say', n % 7 ? n : bytes);
        await asked(socket, 'echo');
        assert.deepEqual(seen, Array.from({ length: 100 }, (_, n) => (n % 7 ? n : bytes)));
      });

      it('joins two namespaces over one connection, and leaves one', async () => {
        const manager = managerOf(client, road);
        const main = enter(manager, '/');
        const mirror = enter(manager, '/mirror', 'user=ada');
        await Promise.all([connected(main), connected(mirror)]);
        assert.equal(main.id, manager.engine.id);
        assert.deepEqual([await asked(main, 'echo', 'a'), await asked(mirror, 'echo', 'b')], [['a'], ['b']]);
        const watcher = await join(client, 'websocket');
        await asked(watcher, 'join', 'watchers');
        const id = idOf(mirror);
        const gone = endOf(watcher, id);
        mirror.disconnect();
        assert.deepEqual((await gone).slice(0, 2), [id, 'client namespace disconnect']);
        assert.deepEqual(await asked(main, 'echo', 'still'), ['still']);
      });

      it('is refused with data', async () => {
        const manager = managerOf(client, road);
        const socket = enter(manager, '/mirror', 'token=wrong');
        const [data] = await heard(socket, 'error');
        assert.deepEqual(data, { code: 'WRONG', tries: 3 });
        const unknown = enter(manager, '/nowhere');
        assert.deepEqual((await heard(unknown, 'error'))[0], { message: 'Invalid namespace' });
      });

      it('is in rooms, beside clients of today', async () => {
        const room = `${words} ${client} ${road}`;
        const old = await Promise.all([join(client, road), join(client, road)]);
        const young = today(`${hub.url}/mirror`, { transports: ['websocket'], forceNew: true });
        open.add(young);
        await heard(young, 'connect');
        const all = [...old, young];
        for (const socket of all) await asked(socket, 'join', room);
        const told = all.map((socket) => heard(socket, 'told'));
        assert.deepEqual(await asked(old[0], 'tell', room, '', words), [3]);
        for (const one of told) assert.deepEqual(await one, [words]);
        await asked(old[0], 'leave', room);
        assert.deepEqual(await asked(young, 'tell', room, '', words), [2]);
      });

      it('lives by its pings', async () => {
        const socket = await join(client, road);
        let pongs = 0;
        const enough = new Promise((resolve) => socket.io.engine.on('packet', ({ type }) => {
          if (type === 'pong' && ++pongs === 4) resolve();
        }));
        await enough;
        assert.deepEqual(await asked(socket, 'echo', words), [words]);
      });

      it('is told to leave, and stays away', async () => {
        const socket = await join(client, road);
        const lost = heard(socket, 'disconnect');
        socket.emit('kick');
        assert.deepEqual(await lost, ['io server disconnect']);
      });

      it('comes back when its connection was cut', async () => {
        const wire = await startWire(hub.url);
        try {
          const socket = await join(client, road, 'user=ada', { url: wire.url });
          const before = socket.io.engine.id;
          const lost = heard(socket, 'disconnect');
          wire.cut();
          assert.match((await lost)[0], /^transport (close|error)$/);
          const back = heard(socket, 'connect');
          wire.mend();
          await back;
          assert.notEqual(socket.io.engine.id, before);
          assert.deepEqual(await asked(socket, 'echo', words), [words]);
        } finally {
          wire.close();
        }
      });
    });
  }
}

describe('without --allow-eio3', { concurrency: false }, () => {
  it('old clients are refused, and the log names the option', async () => {
    const closed = await startHub('serve');
    for (const client of CLIENTS) {
      const manager = managerOf(client, 'polling', { url: closed.url, reconnection: false });
      const socket = enter(manager, '/');
      await heard(socket, 'connect_error');
      assert.equal(socket.connected, false);
    }
    await closed.printed(/option=allow_eio3/);
  });
});
