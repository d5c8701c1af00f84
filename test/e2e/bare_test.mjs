// A service on the bare contract, in a language that the project has no kit for:
// examples/bare-java, whose text stands in docs/contract.md. It answers the
// socket.io-client of npm, and keeps to what the contract says of streams that end.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { io } from 'socket.io-client';
import { endAll, Process, root, startHub, startHubWith } from './processes.mjs';

const HEARTBEAT = '--control-stream-heartbeat=1s'; // which services learn from the welcome
const { hub: contract } = grpc.loadPackageDefinition(loadSync('hub/v1/attach.proto', {
  includeDirs: [fileURLToPath(new URL('../../proto', import.meta.url))], enums: String,
}));

let hub;
let service;
let browser;

after(async () => {
  browser?.close();
  await endAll();
});

function startService(services) {
  const target = path.join(root, 'examples/bare-java/target');
  return new Process('java', ['-cp', `${target}/classes:${target}/lib/*`, 'BareService', services]);
}

const attached = (times) => service.printed(new RegExp(`(?:^attached to hub [^]*?){${times}}`, 'm'));
const echoed = async (...args) => assert.deepEqual(await browser.emitWithAck('echo', ...args), args[0]);

// silenced resolves with the code by which the hub ends a stream without heartbeats.
async function silenced(services) {
  const client = new contract.v1.AttachService(services, grpc.credentials.createInsecure());
  const stream = client.attach();
  stream.write({ actions: [{ hello: { group: 'silent', instanceId: randomUUID() } }] });
  try {
    for await (const envelope of stream) assert.ok(envelope);
  } catch (err) {
    return err.code;
  } finally {
    client.close();
  }
}

describe('the service in Java', { concurrency: false }, () => {
  it('attaches, and lets a browser in', async () => {
    hub = await startHub('serve', HEARTBEAT);
    service = startService(hub.services);
    await attached(1);
    browser = io(hub.url, { reconnectionDelay: 10, reconnectionDelayMax: 100 });
    await new Promise((resolve, reject) => browser.once('connect', resolve).once('connect_error', reject));
  });

  it('answers with what was said', async () => {
    await echoed('ä 🌍 <&> 9007199254740993');
    await echoed({ nested: [1, null, { deep: true }] });
    await echoed(Buffer.from([0, 1, 2, 255]));
    await Promise.all(Array.from({ length: 500 }, (_, i) => echoed(i)));
  });

  it('keeps the heartbeat', async () => {
    assert.equal(await silenced(hub.services), grpc.status.UNAVAILABLE);
    await echoed('still here');
    assert.doesNotMatch(service.output, /stream ended/);
  });

  it('survives a restart of the hub', async () => {
    await hub.kill('SIGKILL');
    await service.printed(/stream ended: UNAVAILABLE/);
    hub = await startHub('serve', HEARTBEAT, `--listen=${new URL(hub.url).host}`, `--control-listen=${hub.services}`);
    await attached(2);
    await echoed('back');
    assert.doesNotMatch(service.output, /^hub: result/m); // nothing was refused
  });

  it('does not come back when the hub says that it is of no use', async () => {
    const guarded = await startHubWith({ HUB_CONTROL_TOKENS: 'chat:0123456789abcdef' }, 'serve');
    const refused = startService(guarded.services);
    assert.equal(await refused.ended, 1);
    assert.match(refused.output, /stream ended: UNAUTHENTICATED/);
  });
});
