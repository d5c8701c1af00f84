// The rows of docs/compatibility.md, one by one, against a hub that is told each option as an operator would: what a
// program on the other side of the port sees of it. The protocol itself is held by the other tests.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, describe, it } from 'node:test';
import WebSocket from 'ws';
import { io } from 'socket.io-client';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { endAll, Process, startHub, startHubWith, startMirror } from './processes.mjs';
import { dial, open, POLL, refused, request, SOCKET, until } from './requests.mjs';

after(endAll);

describe('options of Engine.IO', () => {
  it('pingInterval, pingTimeout, upgradeTimeout, maxHttpBufferSize, allowUpgrades', async () => {
    const hub = await startHub('serve', '--ping-interval=200ms', '--ping-timeout=100ms', '--max-payload=2000', '--allow-upgrades=false');
    const session = await open(hub);
    assert.deepEqual([session.pingInterval, session.pingTimeout, session.maxPayload, session.upgrades], [200, 100, 2000, []]);
    assert.equal((await request(hub, session.path, { method: 'POST', body: `4${'x'.repeat(2000)}` })).status, 413);
    assert.equal((await request(hub, session.path)).body, '2');
    assert.equal((await request(hub, session.path)).body.includes('1'), true, 'nobody has answered the ping');
    const large = await dial(hub, SOCKET);
    large.ws.send(`4${'x'.repeat(2000)}`);
    assert.equal(await large.closed, 1009);
    const late = await startHub('serve', '--upgrade-timeout=100ms');
    const polling = await open(late);
    const probe = new WebSocket(`${late.url.replace('http', 'ws')}${polling.path.replace('polling', 'websocket')}`);
    await once(probe, 'close'); // without a probe packet
    assert.equal((await request(late, polling.path, { method: 'POST', body: '3' })).body, 'ok', 'the session has gone with its probe');
  });

  it('transports', async () => {
    const hub = await startHub('serve', '--transports=websocket');
    assert.deepEqual(refused(await request(hub, `/socket.io/?${POLL}`)), [400, { code: 0, message: 'Transport unknown' }]);
    assert.match((await dial(hub, SOCKET)).messages[0], /^0\{/);
  });

  it('allowRequest, headers, initial_headers: rules and headers', async () => {
    const hub = await startHubWith({
      HUB_HANDSHAKES_RULES: '[{query: {version: ["", "1.*"]}, message: please update}, {headers: {User-Agent: "*bot*"}}]',
      HUB_HANDSHAKES_HEADERS: '{Set-Cookie: [a=1, b=2]}', HUB_HTTP_HEADERS: '{Strict-Transport-Security: max-age=60}',
    }, 'serve', '--cookie-enabled');
    assert.deepEqual(refused(await request(hub, `/socket.io/?${POLL}`)), [403, { code: 4, message: 'please update' }]);
    assert.deepEqual(refused(await request(hub, `/socket.io/?${POLL}&version=2`, { headers: { 'User-Agent': 'a bot' } })), [403, { code: 4, message: 'Forbidden' }]);
    assert.equal((await dial(hub, `${SOCKET}&version=1.2`)).status, 403);
    const session = await open(hub, `${POLL}&version=2`);
    assert.deepEqual(session.headers['set-cookie'], [`io=${session.sid}; Path=/; HttpOnly; SameSite=Lax`, 'a=1', 'b=2']);
    const poll = await request(hub, session.path, { method: 'POST', body: '3' });
    assert.deepEqual([poll.headers['strict-transport-security'], poll.headers['set-cookie']], ['max-age=60', undefined]);
    assert.equal((await request(hub, '/socket.io/socket.io.js')).headers['strict-transport-security'], 'max-age=60');
    const { headers, messages } = await dial(hub, `${SOCKET}&version=2`);
    const { sid } = JSON.parse(messages[0].slice(1));
    assert.deepEqual([headers['strict-transport-security'], headers['set-cookie']], ['max-age=60', [`io=${sid}; Path=/; HttpOnly; SameSite=Lax`, 'a=1', 'b=2']]);
    await hub.kill();
  });

  it('cookie', async () => {
    const hub = await startHub('serve', '--cookie-enabled', '--cookie-name=lb', '--cookie-path=', '--cookie-domain=example.com', '--cookie-http-only=false',
      '--cookie-secure', '--cookie-same-site=none', '--cookie-partitioned', '--cookie-max-age=1m');
    const session = await open(hub);
    assert.deepEqual(session.headers['set-cookie'], [`lb=${session.sid}; Domain=example.com; Max-Age=60; Secure; SameSite=None; Partitioned`]);
  });

  it('cors', async () => {
    const hub = await startHub('serve', '--cors-origins=https://a.test,https://*.b.test', '--cors-credentials', '--cors-max-age=60s',
      '--cors-methods=GET,POST', '--cors-allowed-headers=x-one', '--cors-exposed-headers=x-two');
    for (const [origin, status] of [['https://a.test', 200], ['https://x.b.test', 200], ['https://b.test', 403], ['http://a.test', 403]]) {
      const res = await request(hub, `/socket.io/?${POLL}`, { headers: { origin } });
      assert.deepEqual([origin, res.status, res.headers['access-control-allow-origin']], [origin, status, status === 200 ? origin : undefined]);
      const ws = await dial(hub, SOCKET, { origin });
      assert.equal(ws.status ?? 200, status, 'over WebSocket');
    }
    const preflight = await request(hub, `/socket.io/?${POLL}`, { method: 'OPTIONS', headers: { origin: 'https://a.test', 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-one' } });
    assert.deepEqual([preflight.status, preflight.headers['access-control-allow-methods'], preflight.headers['access-control-allow-headers'], preflight.headers['access-control-max-age'], preflight.headers['access-control-allow-credentials']],
      [204, 'GET,POST', 'x-one', '60', 'true']);
  });

  it('perMessageDeflate: declines what it cannot honour, and refuses what is no offer', async () => {
    const hub = await startHub('serve', '--per-message-deflate-enabled');
    const offer = async (header) => {
      const socket = net.connect(new URL(hub.url).port, '127.0.0.1');
      socket.write(`GET /socket.io/?${SOCKET} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Extensions: ${header}\r\n\r\n`);
      const [first] = await once(socket, 'data');
      socket.destroy();
      const [head] = first.toString('latin1').split('\r\n\r\n');
      return [head.split(' ')[1], head.match(/^sec-websocket-extensions: (.*)$/im)?.[1]];
    };
    assert.deepEqual(await offer('permessage-deflate'), ['101', 'permessage-deflate; server_no_context_takeover; client_no_context_takeover']);
    assert.deepEqual(await offer('permessage-deflate; server_max_window_bits=7'), ['101', undefined]);
    assert.deepEqual((await offer('permessage-deflate; ;;'))[0], '400');
  });

  it('allowEIO3: exactly 3 or 4', async () => {
    const hub = await startHub('serve', '--allow-eio3');
    for (const [eio, status] of [['3', 200], ['4', 200], ['2', 400], ['03', 400], ['4.0', 400], ['', 400]]) {
      const res = await request(hub, `/socket.io/?EIO=${eio}&transport=polling`);
      assert.deepEqual([eio, res.status], [eio, status]);
      if (status === 400) assert.equal(JSON.parse(res.body).code, 5);
    }
  });

  it('path, addTrailingSlash, destroyUpgrade', async () => {
    const hub = await startHub('serve', '--path=/chat', '--add-trailing-slash=false');
    for (const path of ['/chat', '/chat/', '/chat/deeper']) await open(hub, POLL, path);
    for (const path of ['/socket.io/', '/chatter']) assert.equal((await request(hub, `${path}?${POLL}`)).status, 404);
    const begun = Date.now();
    const other = await dial(hub, SOCKET);
    assert.deepEqual([other.status, other.headers.connection], [404, 'close']);
    assert.ok(Date.now() - begun < 5000);
  });

  it('httpCompression: by the weights of Accept-Encoding', async () => {
    const hub = await startHub('serve', '--http-compression-threshold=50');
    await startMirror(hub.services);
    const session = await open(hub);
    const say = (text) => request(hub, session.path, { method: 'POST', body: text });
    await say('40/mirror,');
    await until(async () => (await request(hub, session.path)).body.includes('welcome'));
    for (const [accept, coding, decode] of [['deflate;q=0.5, gzip', 'gzip', gunzipSync], ['gzip;q=0.1, deflate', 'deflate', inflateSync], ['gzip;q=0', undefined, (b) => b]]) {
      await say(`42/mirror,["say","${'x'.repeat(100)}"]`);
      const { headers, bytes } = await request(hub, session.path, { headers: { 'accept-encoding': accept } });
      assert.deepEqual([headers['content-encoding'], decode(bytes).toString()], [coding, `42/mirror,["said","${'x'.repeat(100)}"]`]);
    }
  });

  it('connection_error: refusals are counted, and observers hear of them', async () => {
    const hub = await startHub('serve', '--cors-origins=https://a.test');
    const tail = new Process(process.env.E2E_HUB, ['tail', `--hub=${hub.services}`, '-o', 'json', '--kinds=failed_connects,event,emits,connected,disconnected']);
    await startMirror(hub.services);
    const heard = async (pattern) => { for (let n = 0; n < 100 && !pattern.test(tail.output); n++) await act(); return tail.output.match(pattern)?.[0]; };
    const act = async () => {
      await request(hub, `/socket.io/?${POLL}`, { headers: { origin: 'https://evil.test' } });
      await new Promise((resolve) => setTimeout(resolve, 50));
    };
    assert.ok(await heard(/.*evil\.test.*/), tail.output); // once it watches
    assert.match(tail.output, /failed_connects/);
    const socket = io(`${hub.url}/mirror`, { transports: ['websocket'], extraHeaders: { origin: 'https://a.test' } });
    await socket.emitWithAck('echo', 'any event');
    await socket.emit('say', 'said');
    await once(socket, 'said');
    assert.ok(await tail.printed(/"event".*echo/), 'onAny');
    assert.ok(await tail.printed(/"emits".*said/), 'onAnyOutgoing');
    socket.close();
    await tail.printed(/"disconnected".*client namespace disconnect/);
    const admin = hub.output.match(/admin=(\S+)/)[1];
    const metrics = await (await fetch(`${admin}/metrics`)).text();
    assert.match(metrics, /hub_handshakes_refused_total\{code="4"\} [1-9]/);
  });
});

describe('options of Socket.IO', () => {
  it('connectTimeout', async () => {
    const hub = await startHub('serve', '--connect-timeout=200ms');
    const ws = await dial(hub, SOCKET);
    assert.equal(await ws.closed, 1000);
  });

  it('serveClient: the eight files, and nothing else', async () => {
    const hub = await startHub('serve');
    for (const name of ['socket.io', 'socket.io.min', 'socket.io.esm.min', 'socket.io.msgpack.min']) {
      for (const [file, type] of [[`${name}.js`, 'application/javascript; charset=utf-8'], [`${name}.js.map`, 'application/json; charset=utf-8']]) {
        const res = await request(hub, `/socket.io/${file}?x=1`, { headers: { 'accept-encoding': 'br' } });
        assert.deepEqual([file, res.status, res.headers['content-type'], res.headers['content-encoding'], res.headers['cache-control']], [file, 200, type, 'br', 'public, max-age=0']);
        assert.ok(brotliDecompressSync(res.bytes).length > 1000);
        const { etag } = res.headers;
        assert.equal((await request(hub, `/socket.io/${file}`, { headers: { 'if-none-match': `W/${etag.replace('W/', '')}` } })).status, 304);
        assert.deepEqual([(await request(hub, `/socket.io/${file}`, { method: 'HEAD' })).status], [200]);
      }
    }
    assert.equal((await request(hub, '/socket.io/socket.io.esm.js')).status, 400);
    const off = await startHub('serve', '--serve-client=false');
    assert.equal((await request(off, '/socket.io/socket.io.js')).status, 400);
  });
});
