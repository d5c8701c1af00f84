// A service on the bare contract, proto/hub/v1/attach.proto: say hello, handle
// deliveries, settle each of them, keep the heartbeat, come back.

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const { hub } = grpc.loadPackageDefinition(loadSync(['hub/v1/attach.proto', 'hub/v1/control.proto'], {
  includeDirs: [fileURLToPath(new URL('../../proto', import.meta.url))],
  longs: String,
  enums: String,
  oneofs: true, // delivery.body says which of its bodies is set
}));

export function connect(address) {
  const credentials = grpc.credentials.createInsecure();
  const options = { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 5000 };
  return {
    attach: new hub.v1.AttachService(address, credentials, options),
    control: new hub.v1.ControlService(address, credentials, options),
  };
}

// serve attaches and comes back, until the signal says stop. handle(delivery)
// gives the settlement: {done | reply | accept | deny | nack, commands}.
export async function serve(service, hello, handle, signal) {
  const instanceId = randomUUID();
  let limit = 100;
  while (!signal.aborted) {
    try {
      await attach(service, { ...hello, instanceId }, handle, signal, () => (limit = 100));
    } catch (err) {
      console.error(`no hub: ${err.details ?? err.message}`);
    }
    await sleep(Math.random() * limit, null, { signal }).catch(() => {});
    limit = Math.min(limit * 2, 5000);
  }
}

async function attach(service, hello, handle, signal, welcomed) {
  const stream = service.attach();
  const send = (action) => stream.write({ actions: [action] });
  const leave = () => stream.end();
  let heartbeat;
  let heard;
  signal.addEventListener('abort', leave);
  send({ hello });
  try {
    for await (const { items } of stream) {
      heard = Date.now();
      for (const { welcome, delivery, result, notice } of items) {
        if (welcome) {
          welcomed();
          report(welcome);
          const every = welcome.heartbeatInterval.seconds * 1000;
          heartbeat = setInterval(() => {
            if (Date.now() - heard > 3 * every) stream.cancel();
            else send({ heartbeat: {} });
          }, every);
        }
        if (delivery) settle(delivery, handle, send);
        if (result?.status || notice) console.error('the hub says', result ?? notice);
      }
    }
  } finally {
    clearInterval(heartbeat);
    signal.removeEventListener('abort', leave);
  }
}

async function settle(delivery, handle, send) {
  const { deliverySeq } = delivery;
  try {
    send({ settlement: { deliverySeq, ...await handle(delivery) } });
  } catch (err) {
    console.error(err);
    send({ settlement: { deliverySeq, nack: { retry: true, status: { code: 'CODE_INTERNAL', message: err.message } } } });
  }
}

function report({ hubId, subscriptions }) {
  console.error(`attached to hub ${hubId}`);
  for (const { status } of subscriptions) if (status?.code || status?.reason) console.error('subscription:', status);
}
