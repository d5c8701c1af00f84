// A service on the bare contract, proto/hub/v1/attach.proto: say hello, handle
// deliveries, settle each of them, keep the heartbeat, come back, and leave without loss.

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const { hub } = grpc.loadPackageDefinition(loadSync(['hub/v1/attach.proto', 'hub/v1/control.proto'], {
  includeDirs: [fileURLToPath(new URL('../../proto', import.meta.url))],
  longs: String,
  enums: String,
  arrays: true, // empty ones too
  oneofs: true, // delivery.body says which of its bodies is set
}));

// connect gives the two services of the hub at an address. Nothing is dialled yet.
export function connect(address) {
  const credentials = grpc.credentials.createInsecure();
  const options = { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 5000 };
  return {
    attach: new hub.v1.AttachService(address, credentials, options),
    control: new hub.v1.ControlService(address, credentials, options),
  };
}

// Codes with which a stream ends for good. UNAUTHENTICATED is one of them here, where
// no credential can change.
const { INVALID_ARGUMENT, FAILED_PRECONDITION, PERMISSION_DENIED, UNIMPLEMENTED, ABORTED, UNAUTHENTICATED } = grpc.status;
const FINAL = [INVALID_ARGUMENT, FAILED_PRECONDITION, PERMISSION_DENIED, UNIMPLEMENTED, ABORTED, UNAUTHENTICATED];

const GREETING = 10_000; // ms to wait for the welcome
const LEAVING = 10_000; // ms to wait for the end of a drain

const instanceId = randomUUID(); // the same at every hub
const attached = new Set(); // ids of the hubs that have a stream: a second address of one is refused
let turn = Promise.resolve(); // one hello after the other, for what the one brings the next has to say

// serve attaches to a hub and comes back, until the signal says stop or the hub says that
// it is of no use. Each hub delivers what its own browsers do, so that with several there
// is one serve for each. handle(delivery, control) gives the settlement: {done | reply |
// accept | deny | nack, commands}, which goes over the stream of the delivery.
export async function serve(service, hello, handle, signal) {
  let limit = 100;
  while (!signal.aborted) {
    const begun = Date.now();
    const stream = { every: 1000 }; // ms between heartbeats, until the welcome says how often
    try {
      await attach(service, hello, handle, signal, stream);
    } catch (err) {
      if (err.code === undefined || FINAL.includes(err.code)) throw err;
      console.error(`no hub: ${err.details ?? err.message}`);
    }
    if (Date.now() - begun >= stream.every) limit = 100; // a welcome alone is not enough
    await sleep(Math.random() * limit, null, { signal }).catch(() => {});
    limit = Math.min(limit * 2, 10_000);
  }
}

// attach holds one stream until it ends.
async function attach(service, hello, handle, signal, stream) {
  let greeted;
  const before = turn;
  turn = new Promise((resolve) => { greeted = resolve; });
  await before;
  if (signal.aborted) return greeted(); // while others said hello
  const call = service.attach.attach();
  const send = (action) => call.write({ actions: [wellFormed(action)] });
  let deadline = Date.now() + GREETING; // of the welcome, then of the next envelope
  const beat = () => (Date.now() > deadline ? call.cancel() : send({ heartbeat: {} }));
  let heartbeat = setInterval(beat, stream.every);
  let leaving;
  const leave = () => { // the hub ends the stream once everything is settled
    send({ drain: {} });
    leaving = setTimeout(() => call.end(), LEAVING);
  };
  send({ hello: { ...hello, instanceId, attachedHubIds: [...attached] } });
  signal.addEventListener('abort', leave);
  try {
    for await (const { items } of call) {
      for (const { welcome, delivery, result, notice, drain } of items) {
        if (welcome) {
          report(welcome, hello);
          attached.add(stream.hubId = welcome.hubId);
          greeted();
          const { seconds = 0, nanos = 0 } = welcome.heartbeatInterval;
          stream.every = Number(seconds) * 1000 + nanos / 1e6;
          clearInterval(heartbeat);
          heartbeat = setInterval(beat, stream.every);
        }
        if (delivery) settle(delivery, (d) => handle(d, service.control), send);
        if (result?.status || notice?.status || drain) console.error('the hub says', result ?? notice ?? drain);
      }
      deadline = Date.now() + 3 * stream.every;
    }
  } finally {
    attached.delete(stream.hubId);
    greeted();
    clearInterval(heartbeat);
    clearTimeout(leaving);
    signal.removeEventListener('abort', leave);
  }
}

// What the hub refuses of a settlement needs no nack: its delivery has ended.
async function settle(delivery, handle, send) {
  const { deliverySeq } = delivery;
  try {
    send({ settlement: { deliverySeq, ...await handle(delivery) } });
  } catch (err) {
    console.error(err);
    send({ settlement: { deliverySeq, nack: { retry: true, status: { code: 'CODE_INTERNAL', message: err.message } } } });
  }
}

// wellFormed puts U+FFFD in the place of half a surrogate pair, in every string: a
// browser may send one, and UTF-8 has none.
function wellFormed(value) {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (value?.constructor !== Object) return value; // bytes among them
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, wellFormed(inner)]));
}

function report({ hubId, subscriptions }, hello) {
  console.error(`attached to hub ${hubId}`);
  subscriptions.forEach(({ status, warnings }, i) => {
    if (status?.code || status?.reason) console.error(`subscription ${hello.subscriptions[i].id} is not in force:`, status);
    for (const warning of warnings) console.error(`subscription ${hello.subscriptions[i].id}:`, warning);
  });
}
