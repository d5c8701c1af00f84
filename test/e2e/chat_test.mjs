// The chat page in headless Chromium, against `hub demo`. The service is killed
// with SIGKILL while people talk, and comes back as it was and in other languages.
// Throughout, the tabs of Ada and Grace keep the connections they started with.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { chromium } from 'playwright-core';
import { endAll, Process, root, startHub } from './processes.mjs';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const ATTACHED = /^attached/m; // what a service prints
const SHOTS = process.env.E2E_SCREENSHOTS; // a folder for pictures of the page

// A PNG of 2 by 2 points.
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFUlEQVR42mPgK8n4tDOa4f///0AWAC3kBtg1yow+AAAAAElFTkSuQmCC', 'base64');

let demo;
let browser;
let profile;
let ada;
let grace;

before(async () => {
  demo = await startHub('demo');
  demo.page = (await demo.printed(/chat:\s+(http:\S+)/))[1];
  profile = mkdtempSync(path.join(os.tmpdir(), 'siohub-chromium-'));
  browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.E2E_CHROMIUM ?? '/usr/bin/chromium', headless: true, args: FLAGS, locale: 'en-GB', viewport: { width: 1120, height: 760 },
  });
  browser.setDefaultTimeout(45_000); // longer than a message may wait before it is sent again
});
after(async () => {
  await browser?.close();
  await endAll();
  rmSync(profile, { recursive: true, force: true });
});

// openTab opens the page and keeps a record of its connections and errors.
async function openTab() {
  const tab = await browser.newPage();
  const record = { opened: 0, closed: 0, errors: [] };
  tab.on('websocket', (ws) => {
    record.opened++;
    ws.on('close', () => record.closed++);
  });
  tab.on('pageerror', (err) => record.errors.push(err));
  await tab.goto(demo.page);
  return Object.assign(tab, { record });
}

async function login(tab, name) {
  await tab.fill('#name', name);
  await tab.click('#enter');
}

async function enter(name) {
  const tab = await openTab();
  await login(tab, name);
  await tab.waitForSelector('#chat:not([hidden])');
  await tab.waitForFunction(() => document.getElementById('transport').textContent === 'WebSocket');
  tab.socket = await socketOf(tab);
  assert.match(tab.socket, /^[\w-]{20}$/);
  return tab;
}

const socketOf = (tab) => tab.evaluate(() => document.body.dataset.socket);
const state = (tab, name) => tab.waitForSelector(`body[data-state="${name}"]`);
const message = (tab, text) => tab.locator('.message', { hasText: text });
const marked = (tab, text, status) => tab.waitForSelector(`.message.own[data-status="${status}"] >> text=${text}`);
const people = (tab, names) => tab.waitForFunction(
  (want) => [...document.querySelectorAll('#people .who')].map((who) => who.textContent.toWellFormed()).sort().join() === want, names.sort().join());

async function say(tab, text) {
  await tab.fill('#text', text);
  await tab.press('#text', 'Enter');
}

async function talk(from, to, text) {
  await say(from, text);
  await message(to, text).waitFor();
  await marked(from, text, 'acked');
}

// sendPicture sends PNG and compares the bytes that arrive.
async function sendPicture(from, to) {
  const before = await to.locator('.bubble.image img').count();
  await from.setInputFiles('#file', { name: 'dots.png', mimeType: 'image/png', buffer: PNG });
  await from.waitForSelector('#preview:not([hidden])');
  await from.click('#send');
  const picture = to.locator('.bubble.image img').nth(before);
  await picture.waitFor();
  const bytes = await picture.evaluate(async (image) => [...new Uint8Array(await (await fetch(image.src)).arrayBuffer())]);
  assert.ok(Buffer.from(bytes).equals(PNG));
  assert.equal(await picture.evaluate((image) => image.decode().then(() => image.naturalWidth)), 2);
}

async function refused(name, why) {
  const tab = await openTab();
  await login(tab, name);
  await tab.locator('#login-note', { hasText: why }).waitFor();
  assert.equal(await tab.isVisible('#chat'), false);
  return tab;
}

// neverLost is the promise: same sockets, same WebSockets, no reconnection.
async function neverLost(...tabs) {
  for (const tab of tabs) {
    assert.equal(await socketOf(tab), tab.socket);
    assert.equal(await tab.textContent('#lost'), 'never');
    assert.deepEqual(tab.record, { opened: 1, closed: 0, errors: [] });
  }
}

async function shoot(tab, name) {
  if (!SHOTS) return;
  mkdirSync(SHOTS, { recursive: true });
  await tab.screenshot({ path: path.join(SHOTS, `${name}.png`), animations: 'disabled' });
}

describe('the chat', { concurrency: false }, () => {
  it('refuses a login, and takes the next one from the same page', async () => {
    const tab = await refused('  ', 'Please tell us your name.');
    await login(tab, 'admin');
    await tab.locator('#login-note', { hasText: 'is reserved' }).waitFor();
    await shoot(tab, 'refused');
    await login(tab, 'Linus');
    await tab.waitForSelector('#chat:not([hidden])');
    await tab.close();
  });

  it('brings two tabs together', async () => {
    ada = await enter('Ada');
    grace = await enter('Grace');
    await people(ada, ['Ada', 'Grace']);
    await people(grace, ['Ada', 'Grace']);
  });

  it('carries messages both ways, and acknowledges them', async () => {
    await talk(ada, grace, 'Hello, Grace. <b>&amp; 9007199254740993');
    await talk(grace, ada, 'Hello, Ada. 🌍');
    const noticed = () => grace.locator('#typing', { hasText: 'Ada is typing' }).waitFor({ timeout: 2500 }).then(() => true, () => false);
    do await ada.type('#text', 'so '); while (!await noticed()); // it may be lost, and is said every 2 s at most
    assert.equal(await message(ada, 'Hello').count(), 2);
  });

  it('carries a picture, byte for byte', () => sendPicture(ada, grace));

  it('says why a message is not accepted', async () => {
    await ada.evaluate(() => { document.getElementById('text').maxLength = 5000; });
    await say(ada, 'a'.repeat(2001));
    await ada.locator('.message.own[data-status="failed"]', { hasText: 'longer than 2000 letters' }).waitFor();
  });

  it('notices who comes and goes', async () => {
    const linus = await enter('Linus');
    await people(ada, ['Ada', 'Grace', 'Linus']);
    await linus.close();
    await people(ada, ['Ada', 'Grace']);
    await ada.locator('.line', { hasText: 'Linus left' }).last().waitFor();
  });
});

describe('the service is killed in the middle of a conversation', { concurrency: false }, () => {
  let waiting; // somebody who comes while the service is away

  it('and nobody loses the connection; messages wait', async () => {
    const [, pid] = await demo.printed(/kill -9 (\d+)/);
    process.kill(Number(pid), 'SIGKILL');
    await say(ada, 'Did somebody kill the service?');
    await demo.printed(/The chat service \(process \d+\) was killed/);
    await say(grace, 'Yes, with SIGKILL.');
    await Promise.all([state(ada, 'away'), state(grace, 'away')]);
    await marked(grace, 'Yes, with SIGKILL.', 'waiting');
    waiting = await openTab();
    await login(waiting, 'Katherine');
    await waiting.locator('#login-note', { hasText: 'Your login waits' }).waitFor();
    await shoot(ada, 'away');
    await shoot(waiting, 'login-waits');
    await neverLost(ada, grace);
  });

  it('and what waited arrives when it is started again', async () => {
    const [, command] = (await demo.printed(/^\s*(\S+ demo service --hub \S+)\s*$/m));
    const service = new Process('sh', ['-c', `exec ${command}`]);
    await service.printed(/chat service: process \d+/);
    await Promise.all([marked(ada, 'Did somebody kill the service?', 'acked'), marked(grace, 'Yes, with SIGKILL.', 'acked')]);
    assert.equal(await message(grace, 'Did somebody kill the service?').count(), 1);
    assert.equal(await message(ada, 'Yes, with SIGKILL.').count(), 1);
    await Promise.all([state(ada, 'connected'), state(grace, 'connected')]);
    await waiting.waitForSelector('#chat:not([hidden])');
    await people(ada, ['Ada', 'Grace', 'Katherine']);
    await waiting.close();
    await people(grace, ['Ada', 'Grace']);
    await talk(ada, grace, 'It is back.');
    await shoot(grace, 'back');
    await neverLost(ada, grace);
    await service.kill('SIGKILL');
  });
});

// Each of these takes over from a service that was killed. E2E_CHAT is `bare` for the
// services on the bare contract, `chat` for those with the kits.
const KIND = process.env.E2E_CHAT;
const LANGUAGES = {
  'Node.js': { program: process.execPath, file: `examples/${KIND}-node/chat.js`, end: KIND === 'chat' ? 'SIGTERM' : 0 },
  Python: { program: process.env.E2E_PYTHON, file: `examples/${KIND}-python/chat.py`, end: 0 },
};

for (const [language, { program, file, end }] of Object.entries(LANGUAGES)) {
  describe(`the service comes back in ${language}`, { concurrency: false, skip: program ? false : 'no .venv' }, () => {
    let service;
    const start = async () => {
      service = new Process(program, [path.join(root, file), demo.services]);
      await service.printed(ATTACHED);
    };

    it('and what waited arrives', async () => {
      await say(ada, `Is anybody there who speaks ${language}?`);
      await marked(ada, `Is anybody there who speaks ${language}?`, 'waiting');
      await start();
      await marked(ada, `Is anybody there who speaks ${language}?`, 'acked');
      await message(grace, `Is anybody there who speaks ${language}?`).waitFor();
    });

    it('and does the same as before', async () => {
      await talk(grace, ada, `Yes, ${language}. ✓`);
      await sendPicture(grace, ada);
      const tab = await refused('root', 'is reserved');
      await login(tab, 'Linus');
      await tab.waitForSelector('#chat:not([hidden])');
      await people(ada, ['Ada', 'Grace', 'Linus']);
      await tab.close();
      await people(ada, ['Ada', 'Grace']);
    });

    it('and half a surrogate pair in a name ends nobody\'s stream', async () => {
      const tab = await openTab();
      await tab.evaluate(() => { document.getElementById('name').value = 'Half \ud800'; });
      await tab.click('#enter');
      await tab.waitForSelector('#chat:not([hidden])');
      await people(ada, ['Ada', 'Grace', 'Half \ufffd']);
      await tab.close();
      await people(ada, ['Ada', 'Grace']);
      assert.equal(service.output.match(new RegExp(ATTACHED, 'g')).length, 1);
    });

    it('and is killed and started again', async () => {
      await service.kill('SIGKILL');
      await say(ada, `${language} is gone.`);
      await state(ada, 'away');
      await start();
      await marked(ada, `${language} is gone.`, 'acked');
      await message(grace, `${language} is gone.`).waitFor();
      await neverLost(ada, grace);
    });

    it('and leaves when it is asked to', async () => {
      assert.equal(await service.kill('SIGTERM'), end);
      await state(ada, 'away');
    });
  });
}

describe('the demo ends', () => {
  it('in order, and the tabs say that they look for it', async () => {
    assert.equal(await demo.kill('SIGTERM'), 0);
    await state(ada, 'reconnecting');
    assert.deepEqual(ada.record.errors, []);
  });
});
