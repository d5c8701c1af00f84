// The chat service of ../chat in Node.js. What the events mean stands in
// ../chat/chat.go; the page is the same.

import { connect, serve } from './attach.js';

const hubs = (process.argv[2] ?? process.env.HUB_ADDRESS ?? '127.0.0.1:7420').split(',').map(connect);
const lobby = { namespace: '/chat', rooms: ['lobby'] };
const reserved = ['admin', 'root', 'system'];
const imageTypes = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];

const hello = {
  group: 'chat',
  version: 'node',
  subscriptions: [
    { id: 1, role: 'ROLE_AUTHORIZER', namespace: '/chat' },
    { id: 2, role: 'ROLE_HANDLER', namespace: '/chat' },
    { id: 3, role: 'ROLE_HANDLER', namespace: '/chat', events: ['typing'], guarantee: 'GUARANTEE_AT_MOST_ONCE' },
  ],
};

// What browsers do, and the settlement of it.
const deliveries = {
  __proto__: null,
  connectAttempt({ connectAttempt }) {
    const { name: given = '' } = connectAttempt.auth?.length ? JSON.parse(connectAttempt.auth) : {};
    const name = String(given).trim().replace(/\s+/g, ' ');
    if (!name) return refuse('Please tell us your name.');
    if ([...name].length > 24) return refuse('Please choose a name of at most 24 letters.');
    if (reserved.includes(name.toLowerCase())) return refuse(`The name “${name}” is reserved. Please choose another one.`);
    return { accept: { user: name, rooms: ['lobby'] } };
  },
  connected: tellPeople,
  disconnected: tellPeople,
  event({ event, socket }) {
    const args = JSON.parse(event.payload.args);
    return events[event.name]?.(socket, args, event.payload.attachments ?? []) ?? { done: {} };
  },
};

const events = {
  __proto__: null, // the names are the browsers' choice
  message({ id: socket, user: from }, [message]) {
    if (!message?.id || typeof message.text !== 'string' || !message.text.trim()) return reject('There is nothing to read in it.');
    if ([...message.text].length > 2000) return reject('It is longer than 2000 letters.');
    const { id, text } = message;
    return reply([{}], emit(others(socket), 'message', [{ id, from, time: new Date(), text }]));
  },
  image({ id: socket, user: from }, [image], [bytes]) {
    if (!image?.id || !imageTypes.includes(image.type) || !bytes) return reject('It is no picture that browsers show.');
    if (!bytes.length || bytes.length > 900_000) return reject('The picture is empty or too large.');
    const { id, type, width, height } = image;
    const args = [{ id, from, time: new Date(), type, width, height }, { _placeholder: true, num: 0 }];
    return reply([{}], emit(others(socket), 'image', args, [bytes]));
  },
  typing: ({ id, user }) => ({ done: {}, commands: [emit(others(id), 'typing', [user], [], { volatile: true })] }),
  alive: () => reply([]),
};

// Who is there is asked of the hub, one question after the other, so that an
// older list never comes last.
let asked = Promise.resolve();
function tellPeople(delivery, control) {
  const fetch = async () => {
    const names = [];
    for await (const { sockets } of control.fetchSockets({ fetch: { target: lobby } })) names.push(...sockets.map(({ socket }) => socket.user));
    return { done: {}, commands: [emit(lobby, 'people', [names])] };
  };
  return (asked = asked.then(fetch, fetch));
}

const others = (socket) => ({ ...lobby, exceptSockets: [socket] });
const json = (value) => Buffer.from(JSON.stringify(value));
const emit = (target, event, args, attachments = [], options = {}) => ({ emit: { target, event, payload: { args: json(args), attachments }, ...options } });
const reply = (args, ...commands) => ({ reply: { payload: { args: json(args) } }, commands });
const reject = (error) => reply([{ error }]);
const refuse = (message) => ({ deny: { message, data: json({ field: 'name' }) } });
const unknown = () => ({ nack: { status: { code: 'CODE_UNIMPLEMENTED' } } });

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => stop.abort()); // the second one is Node's
const handle = (delivery, control) => (deliveries[delivery.body] ?? unknown)(delivery, control);
await Promise.all(hubs.map((hub) => serve(hub, hello, handle, stop.signal)));
process.exit();
