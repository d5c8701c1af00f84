// The rows of docs/compatibility.md, Socket.IO features, that the other tests do not have: what services do with browsers, in
// the fields of the contract, and what the browsers see of it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { io } from 'socket.io-client';
import { endAll, startHub, startHubWith } from './processes.mjs';
import { dial, open, request, SOCKET } from './requests.mjs';
import { attach as attachTo, controlOf, endServices } from './services.mjs';

const LIMIT = { timeout: 20_000 };
const sockets = new Set();
let hub;
let control;

before(async () => {
  hub = await startHub('serve', '--start-grace=0', '--per-message-deflate-enabled');
  control = controlOf(hub.services);
});
after(async () => {
  sockets.forEach((socket) => socket.close());
  control.close();
  endServices();
  await endAll();
});

const attach = (...args) => attachTo(hub.services, ...args);
const both = (namespace) => [{ role: 'ROLE_AUTHORIZER', namespace }, { role: 'ROLE_HANDLER', namespace }];
const payload = (...args) => ({ args: Buffer.from(JSON.stringify(args)) });
const call = (method, req) => promisify(control[method].bind(control))(req);
const heard = (emitter, event) => new Promise((resolve) => emitter.once(event, (...args) => resolve(args)));

// execute resolves to what became of a command.
async function execute(op) {
  const { results: [result] } = await call('execute', { commands: [op] });
  assert.equal(result.status, null);
  return result;
}

function dialIn(namespace, options = {}) {
  const socket = io(hub.url + namespace, { transports: ['websocket'], forceNew: true, reconnection: false, ...options });
  sockets.add(socket);
  return socket;
}

async function join(namespace, rooms, options) {
  const socket = dialIn(namespace, { auth: { rooms }, ...options });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('connect_error', reject));
  socket.words = [];
  return socket.onAny((...args) => socket.words.push(args));
}

// roomsOfAuth lets browsers in to the rooms that they ask for.
const roomsOfAuth = { connectAttempt: ({ connectAttempt }) => ({ accept: { rooms: JSON.parse(connectAttempt.auth).rooms, data: Buffer.from('{"a":1}') } }) };

describe('a service', { ...LIMIT, concurrency: false }, () => {
  it('has namespaces by pattern, and says which there are', async () => {
    await attach('patterns', both('/org/*'), { connectAttempt: ({ socket }) => (socket.namespace === '/org/none' ? { deny: { reason: 'DENY_REASON_NAMESPACE_UNKNOWN' } } : undefined) });
    await join('/org/a');
    for (const namespace of ['/org/none', '/nowhere']) {
      const [err] = await heard(dialIn(namespace), 'connect_error');
      assert.deepEqual([namespace, err.message, err.data], [namespace, 'Invalid namespace', undefined]);
    }
  });

  it('is given auth and handshake, keeps auth if it wants to, and hears of the rooms at the end', async () => {
    const service = await attach('auth', both('/auth'), { connectAttempt: ({ connectAttempt }) => ({ accept: { keepAuth: JSON.parse(connectAttempt.auth).keep, rooms: ['r1', 'r2'] } }) });
    for (const keep of [true, false]) {
      const socket = await join('/auth', [], { auth: { keep }, query: { v: 'ü 2' }, extraHeaders: { 'x-one': '1' } });
      const { id } = socket; // which it forgets
      const mine = (d) => d.socket.id === id;
      const { auth, handshake } = await service.delivered('connectAttempt', mine);
      assert.equal(auth.toString(), JSON.stringify({ keep }));
      assert.deepEqual(handshake.query.find(({ name }) => name === 'v'), { name: 'v', value: 'ü 2' });
      assert.ok(handshake.headers.some(({ name, value }) => name.toLowerCase() === 'x-one' && value === '1'));
      assert.deepEqual([handshake.remoteAddress, handshake.secure, handshake.protocolVersion], ['127.0.0.1', false, 4]);
      assert.equal((await service.delivered('connected', mine)).auth.toString(), keep ? JSON.stringify({ keep }) : '');
      socket.close();
      const { reason, rooms } = await service.delivered('disconnected', mine);
      assert.deepEqual([reason, rooms.sort()], ['client namespace disconnect', ['r1', 'r2']]);
    }
  });

  it('waits for acknowledgements until a time-out, and not for who leaves', async () => {
    await attach('acks', both('/acks'), roomsOfAuth);
    const [answers, , leaves] = await Promise.all([join('/acks', ['all']), join('/acks', ['all']), join('/acks', ['all', 'leaves'])]);
    answers.on('question', (answer) => answer('mine'));
    leaves.on('question', () => leaves.close());
    const ask = async (rooms, timeout) => {
      const emit = { target: { namespace: '/acks', rooms }, event: 'question', payload: payload(), ack: { timeout } };
      const { results: [{ status, ackTotal }] } = await call('execute', { commands: [{ emit }] });
      return { reason: status?.reason, ...ackTotal };
    };
    const total = await ask(['all'], { seconds: 1, nanos: 500e6 });
    assert.deepEqual([total.reason, total.expectedCount, total.ackedCount, total.timedOutCount, total.disconnectedCount], ['ACKS_TIMED_OUT', 3, 1, 1, 1]);
    assert.equal(total.acks[0].payload.args.toString(), '["mine"]');
    assert.equal((await ask(['all'])).reason, 'BAD_TIMEOUT');
    const late = await join('/acks', ['leaves']);
    late.on('question', () => late.close());
    assert.equal((await ask(['leaves'], { seconds: 60 })).disconnectedCount, 1); // LIMIT comes before
  });

  it('emits to several rooms, except to some, once to each', async () => {
    await attach('rooms', both('/rooms'), roomsOfAuth);
    const [a, b, c, d] = await Promise.all([join('/rooms', ['r1', 'r2']), join('/rooms', ['r2']), join('/rooms', ['r1', 'no']), join('/rooms', [])]);
    const { matchedCount } = await execute({ emit: { target: { namespace: '/rooms', rooms: ['r1', 'r2'], exceptRooms: ['no'] }, event: 'x', payload: payload(1) } });
    assert.equal(matchedCount, 2);
    await Promise.all([a, b, c, d].map(async (socket) => {
      const last = heard(socket, 'last');
      await execute({ emit: { target: { namespace: '/rooms', sockets: [socket.id] }, event: 'last', payload: payload() } });
      await last;
    }));
    assert.deepEqual([a, b, c, d].map(({ words }) => words), [[['x', 1], ['last']], [['x', 1], ['last']], [['last']], [['last']]]);
  });

  it('moves, finds, lists and sends away whole rooms, and keeps data for them', async () => {
    await attach('many', both('/many'), roomsOfAuth);
    const all = await Promise.all([join('/many', ['in']), join('/many', ['in']), join('/many', ['out'])]);
    const target = (room) => ({ namespace: '/many', rooms: [room] });
    await execute({ updateRooms: { target: target('in'), join: ['new'], leave: ['in'] } });
    const { rooms } = await call('listRooms', { listRooms: { namespace: '/many' } });
    assert.deepEqual(rooms.map(({ name, socketCount }) => [name, socketCount]).sort(), [['new', 2], ['out', 1]]);
    assert.equal((await call('countSockets', { count: { target: target('new') } })).count, 2);
    await execute({ setData: { target: target('new'), data: Buffer.from('{"a": 9007199254740993}') } });
    const found = [];
    for await (const page of control.fetchSockets({ fetch: { target: { namespace: '/many', all: true }, includeHandshake: true } })) found.push(...page.sockets);
    assert.deepEqual(new Map(found.map((info) => [info.socket.id, [info.rooms.join(), info.socket.data.toString(), info.handshake.transport]])), new Map(
      all.map(({ id }, i) => [id, i < 2 ? ['new', '{"a": 9007199254740993}', 'websocket'] : ['out', '{"a":1}', 'websocket']])));
    const away = Promise.all(all.slice(0, 2).map((socket) => heard(socket, 'disconnect')));
    await execute({ disconnect: { target: target('new') } });
    assert.deepEqual((await away).map(([reason]) => reason), ['io server disconnect', 'io server disconnect']);
    assert.equal(all[2].connected, true);
  });

  it('calls another, and leaves it the events that it has no handler for', async () => {
    const one = await attach('one', [{ role: 'ROLE_AUTHORIZER', namespace: '/call' }, { role: 'ROLE_HANDLER', namespace: '/call', events: ['known'] }]);
    const other = await attach('other', [{ role: 'ROLE_HANDLER', namespace: '/call', kinds: ['KIND_EVENT', 'KIND_SERVICE_CALL'] }], { serviceCall: () => ({ reply: { payload: payload('pong') } }) });
    const { callTotal } = await execute({ call: { group: 'other', namespace: '/call', name: 'ping', payload: payload(1), timeout: { seconds: 10 } } });
    assert.deepEqual([callTotal.answeredCount, callTotal.answers[0].payload.args.toString()], [1, '["pong"]']);
    (await join('/call')).emit('known').emit('any').emit('known');
    await Promise.all([one.times('known', 2), other.times('any', 1)]);
    assert.equal(other.events().includes('known') || one.events().includes('any'), false);
  });

  it('emits volatile, which does not wait', async () => {
    await attach('volatile', both('/volatile'));
    const { path } = await open(hub);
    await request(hub, path, { method: 'POST', body: '40/volatile,' });
    assert.match((await request(hub, path)).body, /^40\/volatile,/);
    const emit = (event, volatile) => execute({ emit: { target: { namespace: '/volatile', all: true }, event, volatile, payload: payload() } });
    assert.deepEqual([await emit('a', false), await emit('b', true), await emit('c', false)].map((r) => r.droppedCount), [0, 1, 0]);
    assert.equal((await request(hub, path)).body, '42/volatile,["a"]\x1e42/volatile,["c"]');
  });

  it('says what is not compressed', async () => {
    await attach('compress', both('/compress'));
    const { ws, messages } = await dial(hub, SOCKET, { perMessageDeflate: true });
    ws.send('40/compress,');
    await heard(ws, 'message');
    for (const noCompress of [false, true]) {
      const [before, message] = [ws._socket.bytesRead, heard(ws, 'message')];
      await execute({ emit: { target: { namespace: '/compress', all: true }, event: 'x', noCompress, payload: payload('x'.repeat(5000)) } });
      await message;
      assert.equal(messages.at(-1).length, 5000 + '42/compress,["x",""]'.length);
      assert.equal(ws._socket.bytesRead - before > 5000, noCompress);
    }
    ws.close();
  });
});

it('DEBUG says what engine and protocol do', LIMIT, async () => {
  for (const [patterns, shown] of [['none', false], ['engineio,socketio', true]]) {
    const debugged = await startHubWith({ DEBUG: patterns }, 'serve');
    const { ws } = await dial(debugged, SOCKET);
    ws.send('40');
    ws.send('1');
    await once(ws, 'close');
    const lines = [/level=DEBUG.*component=engineio/, /level=DEBUG.*component=socketio/];
    if (shown) await Promise.all(lines.map((line) => debugged.printed(line)));
    else assert.equal(await debugged.kill('SIGTERM'), 0);
    for (const line of lines) assert.equal(line.test(debugged.output), shown, debugged.output);
  }
});
