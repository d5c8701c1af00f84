// What tests say to the hub without a client: single requests, and WebSockets packet by packet.

import assert from 'node:assert/strict';
import http from 'node:http';
import WebSocket from 'ws';

export const POLL = 'EIO=4&transport=polling';
export const SOCKET = 'EIO=4&transport=websocket';

// request resolves to an answer with its body.
export function request(hub, path, { method = 'GET', headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const req = http.request(hub.url + path, { method, headers, agent: false }, (res) => {
      const parts = [];
      res.on('data', (part) => parts.push(part)).on('error', reject)
        .on('end', () => resolve({ status: res.statusCode, headers: res.headers, bytes: Buffer.concat(parts), body: Buffer.concat(parts).toString() }));
    });
    req.on('error', reject).end(body);
  });
}

// dial resolves to the first message of a WebSocket, or the answer that refuses it, and how it was closed.
export async function dial(hub, query, options = {}) {
  const ws = new WebSocket(`${hub.url.replace('http', 'ws')}/socket.io/?${query}`, options);
  const seen = { ws, messages: [] };
  ws.on('message', (data) => seen.messages.push(data.toString()));
  seen.closed = new Promise((resolve) => ws.on('close', (code) => resolve(code)));
  ws.on('upgrade', (res) => { seen.headers = res.headers; });
  await new Promise((resolve) => {
    ws.once('message', resolve).on('error', resolve)
      .on('unexpected-response', (_, res) => { seen.status = res.statusCode; seen.headers = res.headers; res.resume(); resolve(); });
  });
  return seen;
}

// open makes a polling session.
export async function open(hub, query = POLL, path = '/socket.io/', headers = {}) {
  const res = await request(hub, `${path}?${query}`, { headers });
  assert.equal(res.status, 200, res.body);
  const data = JSON.parse(res.body.slice(1).split('\x1e')[0]);
  return { ...data, headers: res.headers, path: `${path}?${query}&sid=${data.sid}` };
}

export const refused = (res) => [res.status, JSON.parse(res.body)];

// until asks again until it is right.
export async function until(right) {
  for (let n = 0; n < 200; n++) {
    if (await right()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail('never');
}
