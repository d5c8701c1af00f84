// The rows of docs/compatibility.md, Transport and protocol, that no client shows: requests and packets one by one.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { after, describe, it } from 'node:test';
import { endAll, startHub, startMirror } from './processes.mjs';
import { dial, open, POLL, refused, request, SOCKET, until } from './requests.mjs';

after(endAll);

const LIMIT = { timeout: 20_000 }; // below the ping timeout of the defaults, which ends sessions as well
const UNKNOWN = [400, { code: 1, message: 'Session ID unknown' }];

describe('a session ends', () => {
  it('with a second GET', LIMIT, async () => {
    const hub = await startHub('serve');
    const { path } = await open(hub);
    const both = await Promise.all([request(hub, path), request(hub, path)]);
    assert.deepEqual(both.map((res) => res.status).sort(), [200, 400]);
    assert.deepEqual(refused(await request(hub, path)), UNKNOWN);
  });

  it('with an aborted GET', LIMIT, async () => {
    const hub = await startHub('serve');
    const { path } = await open(hub);
    const req = http.get(hub.url + path, { agent: false }).on('error', () => {});
    await once(req, 'finish'); // all of it is on its way
    req.destroy();
    await until(async () => (await request(hub, path, { method: 'POST', body: '3' })).status === 400);
    assert.deepEqual(refused(await request(hub, path)), UNKNOWN);
  });

  it('with a second POST', LIMIT, async () => {
    const hub = await startHub('serve');
    const { path } = await open(hub);
    const slow = http.request(hub.url + path, { method: 'POST', agent: false, headers: { expect: '100-continue' } }).on('error', () => {});
    slow.flushHeaders();
    await once(slow, 'continue'); // the hub reads its body
    assert.equal((await request(hub, path, { method: 'POST', body: '3' })).status, 400);
    assert.deepEqual(refused(await request(hub, path)), UNKNOWN);
    slow.destroy();
  });

  it('with a close packet, at once', LIMIT, async () => {
    const hub = await startHub('serve');
    const { ws, closed } = await dial(hub, SOCKET);
    ws.send('1');
    await closed;
    const { path } = await open(hub);
    assert.equal((await request(hub, path, { method: 'POST', body: '1' })).body, 'ok');
    await until(async () => (await request(hub, path)).status === 400);
  });
});

describe('what is refused', () => {
  it('has a code and a message', async () => {
    const hub = await startHub('serve');
    const { sid } = await open(hub);
    for (const [method, query, code, message] of [
      ['GET', 'EIO=4&transport=webtransport', 0, 'Transport unknown'], // which is off
      ['GET', 'EIO=4&transport=constructor', 0, 'Transport unknown'],
      ['GET', `${POLL}&sid=nobody`, 1, 'Session ID unknown'],
      ['POST', POLL, 2, 'Bad handshake method'],
      ['GET', `${SOCKET}&sid=${sid}`, 3, 'Bad request'],
      ['GET', 'EIO=3&transport=polling', 5, 'Unsupported protocol version'],
    ]) {
      const res = await request(hub, `/socket.io/?${query}`, { method });
      assert.deepEqual([query, ...refused(res)], [query, 400, { code, message }]);
    }
  });

  it('is a body that is too large, without a length as well, or of the old binary form', async () => {
    const hub = await startHub('serve', '--max-payload=2000');
    for (const headers of [{}, { 'transfer-encoding': 'chunked' }]) {
      const { path } = await open(hub);
      assert.equal((await request(hub, path, { method: 'POST', headers, body: `4${'x'.repeat(2000)}` })).status, 413);
    }
    const { path } = await open(hub);
    assert.equal((await request(hub, path, { method: 'POST', headers: { 'content-type': 'application/octet-stream' }, body: '3' })).status, 400);
    assert.deepEqual(refused(await request(hub, path)), UNKNOWN);
  });
});

it('JSONP of Engine.IO 3', LIMIT, async () => {
  const hub = await startHub('serve', '--allow-eio3');
  await startMirror(hub.services);
  const address = (sid) => `/socket.io/?EIO=3&transport=polling&j=7${sid ? `&sid=${sid}` : ''}`;
  let packets = '';
  const poll = async (sid) => {
    const res = await request(hub, address(sid));
    assert.deepEqual([res.status, res.headers['content-type']], [200, 'text/javascript; charset=UTF-8']);
    packets += JSON.parse(res.body.match(/^___eio\[7\]\((.*)\);$/)[1]);
  };
  await poll();
  const { sid } = JSON.parse(packets.match(/^\d+:0(\{[^}]*\})/)[1]);
  while (!packets.includes('welcome')) await poll(sid);
  const words = '420["echo","ü \\\\n"]'; // a backslash and an n
  const body = new URLSearchParams({ d: `${words.length}:${words.replaceAll('\\n', '\\\\n')}` }).toString(); // as clients do
  const res = await request(hub, address(sid), { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body });
  assert.equal(res.body, 'ok');
  while (!packets.includes('430["ü \\\\n"]')) await poll(sid);
});
