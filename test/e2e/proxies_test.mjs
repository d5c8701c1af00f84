// nginx and HAProxy in front of the hub, with the configurations of docs/proxies.md.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { chromium } from 'playwright-core';
import { io } from 'socket.io-client';
import { endAll, Process, root, startHub, startMirror } from './processes.mjs';

const docs = readFileSync(path.join(root, 'docs/proxies.md'), 'utf8');
const snippet = (language) => docs.match(new RegExp('```' + language + '\n([^`]*)```'))[1];
const dir = mkdtempSync(path.join(os.tmpdir(), 'proxies-'));
const CERT = process.env.E2E_CERT;

let browser;

before(async () => {
  browser = await chromium.launch({ executablePath: process.env.E2E_CHROMIUM, headless: true, args: ['--no-sandbox', '--ignore-certificate-errors'] });
});
after(async () => {
  await browser?.close();
  await endAll();
  rmSync(dir, { recursive: true, force: true });
});

async function freePort() {
  const server = net.createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// answered resolves once something listens.
async function answered(port) {
  for (;;) {
    const socket = net.connect(port, '127.0.0.1');
    const [outcome] = await Promise.race([once(socket, 'connect').then(() => ['connect']), once(socket, 'error').then(() => ['error'])]).catch(() => ['error']);
    socket.destroy();
    if (outcome === 'connect') return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function startNginx(hub, change = (text) => text) {
  const port = await freePort();
  const http = change(snippet('nginx').replace('127.0.0.1:3000', new URL(hub.url).host).replace('listen 8080', `listen 127.0.0.1:${port}`));
  const file = path.join(dir, `nginx-${port}.conf`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${dir}/${name};`).join('\n');
  writeFileSync(file, `daemon off; master_process off; pid ${dir}/nginx-${port}.pid; error_log stderr;\nevents {}\nhttp {\naccess_log off;\n${temporary}\n${http}}\n`);
  new Process('nginx', ['-c', file, '-e', 'stderr']);
  await answered(port);
  return `http://localhost:${port}`;
}

async function inNode(url, transports, options = {}) {
  const socket = io(`${url}/mirror`, { transports, forceNew: true, ...options });
  try {
    return (await socket.emitWithAck('echo', { text: 'grüße 🌍', binary: Buffer.from([1, 2, 255]) })).text;
  } finally {
    socket.close();
  }
}

// inPage echoes from a page of the proxy's own origin, and says over which transport.
async function inPage(url, transports) {
  const page = await browser.newPage();
  try {
    await page.goto(`${url}/socket.io/socket.io.min.js`);
    await page.addScriptTag({ url: `${url}/socket.io/socket.io.min.js` });
    return await page.evaluate(async (transports) => {
      const socket = io('/mirror', { transports, reconnection: false });
      const { engine } = socket.io;
      // From the start: the upgrade may be refused before the echo has come.
      const settled = new Promise((resolve) => { engine.on('upgrade', resolve); engine.on('upgradeError', resolve); });
      const refused = new Promise((resolve) => socket.on('connect_error', () => resolve('refused')));
      const echo = socket.emitWithAck('echo', { text: 'x', binary: new Uint8Array([1]).buffer }).then(() => 'echo');
      if (await Promise.race([refused, echo]) === 'refused') return 'refused';
      if (transports.length > 1 && engine.transport.name !== 'websocket') await settled;
      return engine.transport.name;
    }, transports);
  } finally {
    await page.close();
  }
}

const WAYS = [['polling'], ['websocket'], ['polling', 'websocket']];

describe('nginx', () => {
  let hub;
  before(async () => {
    hub = await startHub('serve', '--http-trusted-proxies=127.0.0.1');
    await startMirror(hub.services);
  });

  const host = /^.*X-Forwarded-Host.*\n/m;
  for (const [name, change] of [
    ['as in the documentation', (text) => text],
    ['with Host $host', (text) => text.replace(host, '    proxy_set_header Host $host;\n')],
  ]) {
    it(name, async () => {
      const url = await startNginx(hub, change);
      for (const transports of WAYS) {
        assert.equal(await inNode(url, transports), 'grüße 🌍');
        assert.equal(await inPage(url, transports), transports.at(-1), transports.join());
      }
    });
  }

  it('without a word of the host: the browser says that page and host are the same', async () => {
    const url = await startNginx(hub, (text) => text.replace(host, ''));
    assert.equal(await inPage(url, ['polling']), 'polling');
    assert.equal(await inPage(url, ['polling', 'websocket']), 'polling', 'Chromium says it with no WebSocket');
  });

  it('refuses a page of another host', async () => {
    const url = await startNginx(hub);
    const answer = await fetch(`${url}/socket.io/?EIO=4&transport=polling`, { headers: { Origin: 'https://evil.test' } });
    assert.equal(answer.status, 403);
  });
});

describe('HAProxy with the PROXY protocol', () => {
  it('passes TLS on, and checks /readyz', async () => {
    const hub = await startHub('serve', '--listen=', '--listen-tls=127.0.0.1:0', `--tls-cert=${CERT}`, `--tls-key=${process.env.E2E_KEY}`,
      '--health-listen=127.0.0.1:0', '--http-trusted-proxies=127.0.0.1', '--http-proxy-protocol=listen_tls');
    await startMirror(hub.services);
    const health = new URL((await hub.printed(/health=(\S+)/))[1]);
    const port = await freePort();
    const file = path.join(dir, 'haproxy.cfg');
    writeFileSync(file, snippet('haproxy').replace(':8443', `:${port}`).replace(':3443', `:${new URL(hub.url).port}`).replace('7422', health.port));
    new Process('haproxy', ['-db', '-f', file]);
    await answered(port);
    const url = `https://localhost:${port}`;
    for (const transports of WAYS) {
      assert.equal(await inNode(url, transports, { ca: readFileSync(CERT) }), 'grüße 🌍');
      assert.equal(await inPage(url, transports), transports.at(-1), transports.join());
    }
    const direct = io(hub.url, { ca: readFileSync(CERT), reconnection: false, forceNew: true });
    await new Promise((resolve) => direct.on('connect_error', resolve));
    direct.close();
  });
});
