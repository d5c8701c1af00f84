// Clients with socket.io-msgpack-parser, alone and beside clients that speak JSON, and
// what a service sees of them.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, before, describe, it } from 'node:test';
import { io } from 'socket.io-client';
import parser from 'socket.io-msgpack-parser';
import { endAll, startHub, startMirror } from './processes.mjs';

const ROADS = {
  polling: { transports: ['polling'] },
  websocket: { transports: ['websocket'] },
  upgrade: { transports: ['polling', 'websocket'] },
};
const FORMS = { json: {}, msgpack: { parser } };

const hubs = {};
const open = new Set();

before(async () => {
  await Promise.all(['json', 'msgpack', 'both'].map(async (mode) => {
    hubs[mode] = await startHub('serve', `--parser=${mode}`);
    await startMirror(hubs[mode].services);
  }));
});
afterEach(() => {
  for (const socket of open) {
    socket.io.reconnection(false);
    socket.disconnect();
  }
  open.clear();
});
after(endAll);

function dial(mode, road, form, options = {}) {
  const socket = io(`${hubs[mode].url}/mirror`, { ...ROADS[road], ...FORMS[form], forceNew: true, reconnection: false, ...options });
  open.add(socket);
  return socket;
}

async function join(mode, road, form, options) {
  const socket = dial(mode, road, form, options);
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('connect_error', reject));
  return socket;
}

// raw sends a packet that the client would not, in its own form.
const raw = (socket, packet) => socket.io.engine.write(packet);

const asked = (socket, ...args) => new Promise((resolve) => socket.emit(...args, (...answer) => resolve(answer)));

for (const [mode, forms] of Object.entries({ json: ['json'], msgpack: ['msgpack'], both: ['json', 'msgpack'] })) {
  for (const road of Object.keys(ROADS)) {
    describe(`parser: ${mode}, over ${road}`, { concurrency: false }, () => {
      for (const form of forms) {
        it(`speaks ${form} both ways`, async () => {
          const socket = await join(mode, road, form);
          socket.on('question', (question, answer) => answer([question, 'mine']));
          const bytes = Buffer.from([0, 255, 30]);
          const value = { text: 'grüße 🌍', list: [1, -2.5, null, []], bytes, deep: [{ empty: Buffer.alloc(0) }] };
          assert.deepEqual(await socket.emitWithAck('echo', value), value);
          assert.deepEqual((await asked(socket, 'ask', bytes))[0], [bytes, 'mine']);
          const said = once(socket, 'said');
          socket.emit('say', bytes, 'and');
          assert.deepEqual(await said, [bytes, 'and']);
        });
      }

      it('reaches a room in every form', async () => {
        const names = [...forms, ...forms];
        const sockets = await Promise.all(names.map((form, i) => join(mode, road, form, { auth: { user: `u${i}`, rooms: [`room ${road}`] } })));
        const told = sockets.map((socket) => once(socket, 'told'));
        const [teller] = sockets;
        assert.deepEqual(await asked(teller, 'tell', `room ${road}`, '', 'a word'), [sockets.length]);
        for (const words of told) assert.deepEqual(await words, ['a word']);
        for (const [i, socket] of sockets.entries()) socket.on('question', (_, answer) => answer(i));
        const [expected, answers] = await asked(teller, 'poll', `room ${road}`, 'who?');
        assert.equal(expected, sockets.length);
        assert.deepEqual(answers, Object.fromEntries(sockets.map((socket, i) => [socket.id, [i]])));
      });
    });
  }
}

describe('what a service sees', { concurrency: false }, () => {
  const seat = (num) => ({ _placeholder: true, num });
  const values = {
    'null, undefined and what is no number': [[null, undefined, NaN, Infinity, -Infinity], [null, null, null, null, null]],
    'an undefined member': [[{ a: undefined, b: 1 }], [{ b: 1 }]],
    'a function': [[{ a: () => {}, b: 1 }], [{ b: 1 }]],
    'dates': [[new Date(0), new Date(1685788341253), new Date(-1)], ['1970-01-01T00:00:00.000Z', '2023-06-03T10:32:21.253Z', '1969-12-31T23:59:59.999Z']],
    'numbers': [[0, -0, 127, 128, 65536, 2 ** 53, -(2 ** 31) - 1, 0.1, 1e-7], [0, 0, 127, 128, 65536, 2 ** 53, -(2 ** 31) - 1, 0.1, 1e-7]],
    'texts': [['', 'x'.repeat(32), 'ü'.repeat(300), '\u0000"\\', '🌍'], ['', 'x'.repeat(32), 'ü'.repeat(300), '\u0000"\\', '🌍']],
    'toJSON': [[{ toJSON: () => 'me' }], ['me']],
    'binary': [[Buffer.from([1]), { a: [new Uint8Array([2, 3]), new ArrayBuffer(8)] }], [seat(0), { a: [seat(1), seat(2)] }]],
  };
  for (const [name, [args, want]] of Object.entries(values)) {
    it(name, async () => {
      const seats = (name === 'binary') ? 3 : 0;
      for (const form of Object.keys(FORMS)) {
        const socket = await join('both', 'websocket', form);
        const [text, attachments] = await asked(socket, 'show', ...args);
        assert.deepEqual([form, JSON.parse(text), attachments], [form, want, seats]);
      }
    });
  }

  it('and what a browser reads', async () => {
    const socket = await join('both', 'websocket', 'msgpack');
    const args = '[1.0,1e2,-0.5,"\\ud83c\\udf0d",{"a":[]},9007199254740991,1e400,null,{"_placeholder":true,"num":0}]';
    assert.deepEqual(await asked(socket, 'give', args), JSON.parse(args));
  });

  it('no map that could be taken for an attachment', async () => {
    const socket = await join('both', 'websocket', 'msgpack');
    const lost = once(socket, 'disconnect');
    socket.emit('echo', { a: seat(0) });
    assert.match((await lost)[0], /^transport (close|error)$/);
  });
});

describe('the form of a session', { concurrency: false }, () => {
  it('is decided by its first packet', async () => {
    for (const [form, other] of [['json', Buffer.from([0x80])], ['msgpack', '41/mirror,']]) {
      const socket = await join('both', 'websocket', form);
      const lost = once(socket, 'disconnect');
      raw(socket, other);
      assert.match((await lost)[0], /^transport (close|error)$/);
    }
  });

  it('has to be one that the hub speaks, and the log says which option helps', async () => {
    for (const [mode, form] of [['json', 'msgpack'], ['msgpack', 'json']]) {
      const socket = dial(mode, 'polling', form);
      const [reason] = await once(socket.io, 'close');
      assert.match(reason, /^transport (close|error)$/);
      assert.equal(socket.connected, false);
      await hubs[mode].printed(/option=parser would_allow=both/);
    }
  });
});
