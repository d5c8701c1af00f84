// The socket.io-client of npm against `hub serve` and a service process. E2E_HUB_PARSER is what the hub speaks, and
// E2E_PARSER what the client does.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';
import { io } from 'socket.io-client';
import parser from 'socket.io-msgpack-parser';
import { endAll, endOf, startHub, startMirror, startWire } from './processes.mjs';

const MSGPACK = process.env.E2E_PARSER === 'msgpack';

const ROADS = {
  polling: { transports: ['polling'] },
  websocket: { transports: ['websocket'] },
  upgrade: { transports: ['polling', 'websocket'] },
};

let hub;
let mirror;
const open = new Set();

before(async () => {
  hub = await startHub('serve', `--parser=${process.env.E2E_HUB_PARSER ?? 'json'}`);
  mirror = await startMirror(hub.services);
});
afterEach(() => {
  for (const socket of open) {
    socket.io.reconnection(false);
    socket.disconnect();
    socket.io.engine?.close(); // which another namespace may have kept open
  }
  open.clear();
});
after(endAll);

function dial(road, auth = {}, { namespace = '/mirror', url = hub.url } = {}) {
  const socket = io(url + namespace, { ...ROADS[road], ...(MSGPACK && { parser }), auth, forceNew: true, reconnectionDelay: 1, reconnectionDelayMax: 5, randomizationFactor: 0 });
  open.add(socket);
  return socket;
}

// join resolves once the socket is in, and on the last transport of its road.
async function join(road, auth, options) {
  const socket = dial(road, auth, options);
  const welcome = heard(socket, 'welcome');
  await connected(socket);
  await upgraded(road, socket);
  return Object.assign(socket, { welcome: await welcome });
}

async function upgraded(road, socket) {
  if (road !== 'upgrade') return;
  if (socket.io.engine.transport.name === 'polling') await heard(socket.io.engine, 'upgrade');
  await socket.emitWithAck('echo'); // so that the hub has read the upgrade as well
}

function connected(socket) {
  return new Promise((resolve, reject) => socket.once('connect', resolve).once('connect_error', reject));
}

const heard = (emitter, event) => new Promise((resolve) => emitter.once(event, (...args) => resolve(args)));

// packets collects what the engine reads, before any parsing.
function packets(socket) {
  const seen = [];
  socket.io.engine.on('data', (data) => seen.push(data));
  return seen;
}

for (const road of Object.keys(ROADS)) {
  describe(`over ${road}`, { concurrency: false }, () => {
    it('connects, and learns who it is', async () => {
      const socket = await join(road, { user: 'ada' });
      assert.match(socket.id, /^[\w-]{20}$/);
      assert.notEqual(socket.id, socket.io.engine.id);
      assert.deepEqual(socket.welcome, ['ada', ROADS[road].transports[0]]);
      assert.equal(socket.io.engine.transport.name, ROADS[road].transports.at(-1));
    });

    it('connects to several namespaces over one connection', async () => {
      const main = await join(road, {}, { namespace: '/' });
      const other = main.io.socket('/mirror');
      await connected(other);
      assert.notEqual(other.id, main.id);
      assert.deepEqual(await other.emitWithAck('echo', 1), 1);
      assert.deepEqual(await main.emitWithAck('echo', 2), 2);
    });

    it('is refused with message and data, for good', async () => {
      const socket = dial(road, { token: 'wrong' });
      const [err] = await heard(socket, 'connect_error');
      assert.equal(err.message, 'that is not the word');
      assert.deepEqual(err.data, { code: 'WRONG', tries: 3 });
      assert.equal(socket.active, false);
    });

    it('carries every JSON value and an ack', async () => {
      const socket = await join(road);
      // 1e21 is no float to the encoder of msgpack, and loses its upper bits there.
      const value = { text: 'grüße 🌍 \u0000 "\\', list: [1, -2.5, MSGPACK ? 2 ** 53 : 1e21, true, null, []], deep: { a: { b: {} } } };
      assert.deepEqual(await socket.emitWithAck('echo', value), value);
    });

    it('carries binary both ways, large and nested', async () => {
      const socket = await join(road);
      const bytes = randomBytes(300_000);
      const said = heard(socket, 'said');
      socket.emit('say', { file: { bytes, empty: Buffer.alloc(0) } }, 'and', new Uint8Array([1, 2, 3]));
      const [{ file }, word, last] = await said;
      assert.ok(file.bytes.equals(bytes));
      assert.equal(file.empty.length, 0);
      assert.equal(word, 'and');
      assert.deepEqual([...last], [1, 2, 3]);
      assert.ok((await socket.emitWithAck('echo', bytes)).equals(bytes));
    });

    it('acknowledges what the service asks, text and binary', async () => {
      const socket = await join(road);
      socket.on('question', (question, answer) => answer({ to: question }, Buffer.from([7])));
      const { to } = await socket.emitWithAck('ask', 'why?');
      assert.equal(to, 'why?');
    });

    if (!MSGPACK) it('passes arguments through byte for byte', async () => {
      const socket = await join(road);
      const seen = packets(socket);
      for (const raw of [
        '{"b":1,"a":9007199254740993,"c":"<&>\u2028"}',
        '{"b":1,"a":9007199254740993,"c":"<&>\\u2028"}',
        '{ "a" : 1.0e+02, "a" : -0.0 } , "\\/" ,[ ]',
      ]) {
        const echoed = heard(socket.io.engine, 'data');
        socket.io.engine.write(`2/mirror,9000["echo",${raw}]`);
        await echoed;
        const said = heard(socket.io.engine, 'data');
        socket.io.engine.write(`2/mirror,["say",${raw}]`);
        await said;
        assert.deepEqual(seen.splice(0), [`3/mirror,9000[${raw}]`, `2/mirror,["said",${raw}]`]);
      }
    });

    it('hears what is said in its rooms, and nothing else', async () => {
      const [red, blue] = [`red ${road}`, `blue ${road}`];
      const [a, b, c] = await Promise.all([join(road, { rooms: [blue] }), join(road), join(road)]);
      const told = new Map([a, b, c].map((socket) => [socket, []]));
      told.forEach((words, socket) => socket.on('told', (word) => words.push(word)));
      for (const socket of [a, b]) assert.equal(await socket.emitWithAck('join', red), red);
      assert.equal(await c.emitWithAck('tell', red, '', 'both'), 2);
      assert.equal(await c.emitWithAck('tell', red, blue, 'not blue'), 1);
      await b.emitWithAck('leave', red);
      assert.equal(await c.emitWithAck('tell', red, '', 'a alone'), 1);
      await Promise.all([a, b, c].map((socket) => socket.emitWithAck('echo'))); // behind what was told
      assert.deepEqual([...told.values()], [['both', 'a alone'], ['both', 'not blue'], []]);
    });

    it('answers a question to a whole room', async () => {
      const sockets = await Promise.all(['x', 'y'].map((name) => join(road, { rooms: [`poll ${road}`], user: name })));
      for (const socket of sockets) socket.on('question', (_, answer) => answer(socket.welcome[0]));
      const [expected, answers] = await new Promise((resolve) => {
        sockets[0].emit('poll', `poll ${road}`, 'who?', (...args) => resolve(args));
      });
      assert.equal(expected, 2);
      assert.deepEqual(answers, { [sockets[0].id]: ['x'], [sockets[1].id]: ['y'] });
    });

    it('comes back by itself after its connection was cut', async () => {
      const wire = await startWire(hub.url);
      const watcher = await join('websocket', { rooms: ['watchers'] });
      const socket = await join(road, { user: 'ada' }, { url: wire.url });
      const before = socket.id;
      const [lost, gone, back] = [heard(socket, 'disconnect'), endOf(watcher, before), heard(socket, 'connect')];
      wire.cut();
      assert.match((await lost)[0], /^transport (close|error)$/);
      wire.mend();
      const [, reason, code] = await gone;
      assert.match(reason, /^transport (close|error)$/);
      if (road !== 'polling') assert.equal(code, 1006);
      await back;
      assert.notEqual(socket.id, before);
      assert.equal(await socket.emitWithAck('echo', 'again'), 'again');
      socket.disconnect();
      wire.close();
    });

    it('says why it left, and hears why it was sent away', async () => {
      const watcher = await join('websocket', { rooms: ['watchers'] });
      const [left, kicked, closed] = await Promise.all([join(road), join(road), join(road)]);
      const ids = [left.id, kicked.id, closed.id];
      const gone = ids.map((id) => endOf(watcher, id));
      const [leaves, sentAway] = [heard(left, 'disconnect'), heard(kicked, 'disconnect')];
      left.disconnect();
      kicked.emit('kick');
      closed.io.engine.close();
      closed.io.reconnection(false);
      assert.equal((await leaves)[0], 'io client disconnect');
      assert.equal((await sentAway)[0], 'io server disconnect');
      assert.equal(kicked.active, false);
      const reasons = (await Promise.all(gone)).map(([, reason]) => reason);
      assert.deepEqual(reasons, ['client namespace disconnect', 'server namespace disconnect', 'transport close']);
    });
  });
}

describe('while the service is away', { concurrency: false }, () => {
  it('nobody loses the connection, and what is said waits', async () => {
    const sockets = await Promise.all(Object.keys(ROADS).map((road) => join(road)));
    const ids = sockets.map((socket) => socket.id);
    const losses = [];
    for (const socket of sockets) socket.on('disconnect', (reason) => losses.push(reason));
    await mirror.kill('SIGKILL');
    const answers = sockets.map((socket, i) => socket.emitWithAck('echo', i));
    const late = connected(dial('websocket')); // a login waits as well
    mirror = await startMirror(hub.services);
    assert.deepEqual(await Promise.all(answers), [0, 1, 2]);
    await late;
    assert.deepEqual(sockets.map((socket) => socket.id), ids);
    assert.deepEqual(losses, []);
  });
});

describe('client files', () => {
  it('come from the hub', async () => {
    const answer = await fetch(`${hub.url}/socket.io/socket.io.min.js`);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type'), /javascript/);
    assert.match(await answer.text(), /Socket\.IO v4/);
  });
});

describe('when the hub ends', () => {
  it('says goodbye to its browsers and ends in order', async () => {
    const sockets = await Promise.all(Object.keys(ROADS).map((road) => join(road)));
    const goodbyes = Promise.all(sockets.map((socket) => {
      socket.io.reconnection(false);
      return heard(socket, 'disconnect');
    }));
    assert.equal(await hub.kill('SIGTERM'), 0);
    for (const [reason] of await goodbyes) assert.match(reason, /^(transport close|io server disconnect)$/);
  });
});
