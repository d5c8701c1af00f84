// examples/tokens: answers of a language model, written by one of three Python workers
// while its readers come, reload, leave, and while the worker that writes is killed.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { io } from 'socket.io-client';
import { endAll, Process, root, startHub } from './processes.mjs';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const LENGTH = 400;

let hub;
let browser;
let dir;
let workers;

before(async () => {
  hub = await startHub('serve', '--cors-origins=*');
  browser = await chromium.launch({ executablePath: process.env.E2E_CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
});
after(async () => {
  await browser?.close();
  await endAll();
});
beforeEach(() => { dir = mkdtempSync(path.join(os.tmpdir(), 'siohub-tokens-')); });
afterEach(async () => {
  await workers.kill('SIGTERM');
  rmSync(dir, { recursive: true, force: true });
});

// startWorkers does what the README says.
async function startWorkers(seconds) {
  const port = await freePort();
  workers = new Process(process.env.E2E_PYTHON, ['-m', 'uvicorn', 'app:app', '--workers', '3', '--port', String(port)], {
    cwd: path.join(root, 'examples/tokens'),
    env: { ...process.env, HUB_ADDRESS: hub.services, SECONDS_PER_TOKEN: String(seconds), TOKENS: String(LENGTH), TOKENS_DB: path.join(dir, 'tokens.db') },
  });
  workers.killed = new Set();
  workers.page = `http://127.0.0.1:${port}/?hub=${encodeURIComponent(hub.url)}`;
  await workers.printed(/(attached to hub[^]*){3}/);
}

async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// answerTo is what the model of the example says, here computed once more.
function answerTo(question) {
  const words = readFileSync(path.join(root, 'examples/tokens/app.py'), 'utf8').match(/WORDS = "(.*)"/)[1].split(' ');
  return Array.from({ length: LENGTH }, (_, n) => words[createHash('sha256').update(`${question} ${n}`).digest()[0] % words.length]).join(' ');
}

async function openPage(url = workers.page) {
  const tab = await browser.newPage();
  tab.setDefaultTimeout(45_000);
  await tab.goto(url);
  return tab;
}

async function ask(tab, question) {
  await tab.fill('#question', question);
  await tab.click('button');
  await tokens(tab, 1);
  return new URL(tab.url()).hash.slice(1);
}

const tokens = (tab, n) => tab.waitForFunction((want) => parseInt(document.getElementById('state').textContent, 10) >= want, n);
const text = async (tab) => (await tab.textContent('#answer')).trim();
// writers is from which token on each has written that began to.
const writers = (id) => [...workers.output.matchAll(new RegExp(`writes ${id} from token (\\d+)`, 'g'))].map(([, from]) => Number(from));

// killWriter kills the one that writes with SIGKILL, once the others have noticed that it does.
async function killWriter(id) {
  const lines = () => workers.output.matchAll(new RegExp(`^(\\d+) (writes|leaves|stopped) ${id}`, 'gm'));
  for (;;) {
    const writing = new Set();
    for (const [, pid, what] of lines()) writing[what === 'writes' ? 'add' : 'delete'](pid);
    workers.killed.forEach((pid) => writing.delete(pid));
    const [pid] = writing;
    if (writing.size === 1) {
      workers.killed.add(pid);
      return process.kill(Number(pid), 'SIGKILL');
    }
    await setTimeout(10);
  }
}

async function whole(tab, question) {
  await tab.waitForFunction(() => document.getElementById('state').textContent === 'finished');
  assert.equal(await text(tab), answerTo(question));
}

describe('an answer', { concurrency: false }, () => {
  it('comes at full speed, one event for each token', async () => {
    await startWorkers(0);
    const socket = io(hub.url, { transports: ['websocket'] });
    const id = await socket.emitWithAck('ask', 'How fast?');
    const events = [];
    const begun = performance.now();
    await new Promise((resolve) => {
      socket.on('tokens', (_, n, texts) => {
        if (texts.length) events.push([n, texts]);
        if (texts.at(-1) === null) resolve();
      });
      socket.emit('read', id, 0);
    });
    console.log(`# result: ${LENGTH} tokens in ${Math.round(performance.now() - begun)} ms`);
    socket.close();
    assert.deepEqual(events.map(([n]) => n), Array.from({ length: LENGTH + 1 }, (_, n) => n));
    assert.ok(events.every(([, texts]) => texts.length === 1));
    assert.equal(events.flatMap(([, texts]) => texts).join('').trim(), answerTo('How fast?'));
    assert.equal(writers(id).length, 1);
  });

  it('stops when the last reader leaves, and goes on when one comes back', async () => {
    await startWorkers(0.02);
    const first = await openPage();
    const id = await ask(first, 'Who reads?');
    const second = await openPage(first.url());
    await tokens(second, 20);
    await first.close();
    await tokens(second, 60); // it goes on for the one who is there
    const had = await text(second);
    await second.close();
    await workers.printed(new RegExp(`^\\d+ stopped ${id}`, 'm'));
    assert.doesNotMatch(workers.output, new RegExp(`finished ${id}`));
    const third = await openPage(workers.page + `#${id}`);
    await whole(third, 'Who reads?');
    assert.ok(answerTo('Who reads?').startsWith(had));
    const last = writers(id).at(-1);
    assert.ok(last > 0 && last < LENGTH, `the last writer began at ${last}`);
  });

  it('outlives reloads of the page', async () => {
    await startWorkers(0.02);
    const tab = await openPage();
    await ask(tab, 'What is a reload?');
    for (const n of [40, 120, 200]) {
      await tokens(tab, n);
      await tab.reload();
      await tokens(tab, n); // what it had it shows at once
    }
    await whole(tab, 'What is a reload?');
  });

  it('outlives the worker that writes it, whoever of the readers is left', async () => {
    await startWorkers(0.02);
    const first = await openPage();
    const id = await ask(first, 'What is SIGKILL?');
    const second = await openPage(first.url());
    await tokens(second, 40);
    await killWriter(id);
    await Promise.all([tokens(first, 150), tokens(second, 150)]);
    await first.close(); // whose event it may be
    await killWriter(id);
    await whole(second, 'What is SIGKILL?');
    const third = await openPage(first.url()); // a reader who comes when all is written
    await whole(third, 'What is SIGKILL?');
  });
});
