// The exchange of docs/contract.md, Receipts and resume, step by step, number by number.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { io } from 'socket.io-client';
import { endAll, startHub, startWire } from './processes.mjs';

const { hub: contract } = grpc.loadPackageDefinition(loadSync('hub/v1/attach.proto', {
  includeDirs: [fileURLToPath(new URL('../../proto', import.meta.url))], enums: String, longs: Number, defaults: true, oneofs: true, arrays: true,
}));

const hello = {
  group: 'bare', instanceId: 'i-1',
  subscriptions: [{ role: 'ROLE_AUTHORIZER', namespace: '/' }, { role: 'ROLE_HANDLER', namespace: '/' }],
};
const args = (...values) => ({ payload: { args: Buffer.from(JSON.stringify(values)) } });

// Stream is one call, read item by item.
class Stream {
  #envelopes;
  #items = [];

  constructor(client) {
    this.call = client.attach();
    this.#envelopes = this.call[Symbol.asyncIterator]();
  }

  say(envelopeSeq, ackEnvelopeSeq, ...actions) {
    this.call.write({ envelopeSeq, ackEnvelopeSeq, actions });
  }

  // next resolves to the next item of a kind, with the numbers of its envelope.
  async next(kind, body) {
    for (;;) {
      while (this.#items.length) {
        const { item, seq, ack } = this.#items.shift();
        if (item.kind === kind && (!body || item.delivery.body === body)) return { ...item[kind], seq, ack };
      }
      const { value, done } = await this.#envelopes.next();
      assert.ok(!done, 'the stream has ended');
      this.#items = value.items.map((item) => ({ item, seq: value.envelopeSeq, ack: value.ackEnvelopeSeq }));
    }
  }
}

describe('a stream that breaks', { concurrency: false }, () => {
  let wire;
  let browser;
  let client;
  after(async () => {
    browser?.close();
    client?.close();
    wire?.close();
    await endAll();
  });

  it('is taken up where it was', async () => {
    const hub = await startHub('serve');
    wire = await startWire(`http://${hub.services}`);
    client = new contract.v1.AttachService(new URL(wire.url).host, grpc.credentials.createInsecure(), { 'grpc.initial_reconnect_backoff_ms': 100 });

    let stream = new Stream(client);
    stream.say(1, 0, { hello });
    const { attachment, hubId, seq } = await stream.next('welcome');
    assert.equal(seq, 1);
    browser = io(hub.url, { transports: ['websocket'] });
    const attempt = await stream.next('delivery', 'connectAttempt');
    stream.say(2, attempt.seq, { settlement: { deliverySeq: attempt.deliverySeq, accept: {} } });
    const connected = await stream.next('delivery', 'connected');
    const first = browser.emitWithAck('first');
    const one = await stream.next('delivery', 'event');
    stream.say(3, one.seq, { settlement: { deliverySeq: connected.deliverySeq, done: {} } });
    const second = browser.emitWithAck('second');
    const two = await stream.next('delivery', 'event'); // which the service does not apply

    const broken = once(stream.call, 'error');
    wire.cut();
    await broken;
    wire.mend();

    stream = new Stream(client);
    stream.say(0, 0, { hello: { ...hello, resume: { attachment, hubId, ackEnvelopeSeq: one.seq } } });
    const welcome = await stream.next('welcome');
    assert.equal(welcome.resumed, true);
    assert.equal(welcome.seq, one.seq + 1);
    assert.ok([2, 3].includes(welcome.ackEnvelopeSeq)); // the cut was before or after it arrived
    const again = await stream.next('delivery', 'event');
    assert.deepEqual([again.deliverySeq, again.attempt, again.seq], [two.deliverySeq, 1, welcome.seq + 1]);

    let mine = welcome.ackEnvelopeSeq;
    if (mine === 2) stream.say(++mine, again.seq, { settlement: { deliverySeq: connected.deliverySeq, done: {} } });
    stream.say(++mine, again.seq,
      { settlement: { deliverySeq: one.deliverySeq, reply: args('one') } },
      { settlement: { deliverySeq: two.deliverySeq, reply: args('two') } },
      { command: { commandId: 7, emit: { target: { namespace: '/', all: true }, event: 'last' } } });
    const result = await stream.next('result');
    assert.deepEqual([result.commandId, result.queuedCount, result.status], [7, 1, null]);
    assert.deepEqual(await Promise.all([first, second]), ['one', 'two']);
  });
});
