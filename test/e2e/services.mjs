// Services of the tests in the fields of the contract, where the kit would hide them.

import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const { hub: contract } = grpc.loadPackageDefinition(loadSync(['hub/v1/attach.proto', 'hub/v1/control.proto'], {
  includeDirs: [fileURLToPath(new URL('../../proto', import.meta.url))], enums: String, longs: Number, defaults: true, oneofs: true, arrays: true,
}));
const clients = new Set();

// endServices ends the streams of all of them.
export function endServices() {
  clients.forEach((client) => client.close());
}

export const controlOf = (address) => new contract.v1.ControlService(address, grpc.credentials.createInsecure());

// attach resolves to a service whose deliveries are settled as settle says, or with yes, and kept.
export async function attach(address, group, subscriptions, settle = {}) {
  const client = new contract.v1.AttachService(address, grpc.credentials.createInsecure());
  clients.add(client);
  const heard = new EventEmitter();
  // Whoever waits is told why the stream ended; at the end of a test nobody does.
  const call = client.attach().on('error', (err) => { if (heard.listenerCount('error') > 0) heard.emit('error', err); });
  const deliveries = [];
  call.on('data', ({ items }) => items.forEach(({ kind, welcome, delivery }) => {
    if (kind === 'welcome') heard.emit('welcome', welcome);
    if (kind !== 'delivery') return;
    const outcome = settle[delivery.body]?.(delivery) ?? (delivery.body === 'connectAttempt' ? { accept: {} } : { done: {} });
    call.write({ actions: [{ settlement: { deliverySeq: delivery.deliverySeq, ...outcome } }] });
    deliveries.push(delivery);
    heard.emit('delivery');
  }));
  call.write({ actions: [{ hello: { group, instanceId: group, subscriptions } }] });
  const [welcome] = await once(heard, 'welcome');
  for (const { status } of welcome.subscriptions) assert.equal(status, null);
  const delivered = async (body, right = () => true) => {
    for (;;) {
      const found = deliveries.find((d) => d.body === body && right(d));
      if (found) return { ...found[body], socket: found.socket };
      await once(heard, 'delivery');
    }
  };
  const events = () => deliveries.filter((d) => d.event).map((d) => d.event.name);
  const times = async (name, n) => { while (events().filter((e) => e === name).length < n) await once(heard, 'delivery'); };
  return { delivered, events, times };
}
