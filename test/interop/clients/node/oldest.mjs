// Socket.IO client 0.9 of npm in Node.js, whose interface is another one: node oldest.mjs PLAN

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const plan = JSON.parse(process.argv[2]);
const oldest = require(plan.module);
const { version } = require(`../../../../node_modules/${plan.module}/package.json`);

const TRANSPORTS = { polling: 'xhr-polling', websocket: 'websocket' };
const WORDS = 'grüße 🌍 \u2028"\\\n\n:\uFFFD';
const MOST_TIME = 40_000; // for a step
const open = new Set();

const heard = (emitter, event) => new Promise((resolve) => { emitter.once(event, (...args) => resolve(args)); });
const asked = (socket, ...args) => new Promise((resolve) => { socket.emit(...args, (...answer) => resolve(answer)); });

// connect opens a connection, and returns the main namespace.
function connect() {
  oldest.transports = [TRANSPORTS[plan.transport]]; // the option of that name is merged with what is there
  const main = oldest.connect(`${plan.url}/?user=${plan.user}`, {
    'force new connection': true, 'reconnection delay': 1, 'reconnection limit': 100, 'max reconnection attempts': Infinity,
  });
  open.add(main.socket);
  return main;
}

// join resolves to /mirror, over the plan's transport.
async function join() {
  const main = connect();
  await heard(main, 'connect');
  const mirror = main.socket.of('/mirror');
  const welcome = await heard(mirror, 'welcome');
  equal(main.socket.transport.name, TRANSPORTS[plan.transport]);
  return Object.assign(mirror, { welcome });
}

function equal(got, want) {
  const [g, w] = [got, want].map((value) => JSON.stringify(value) ?? 'undefined');
  if (g !== w) throw new Error(`got ${g.slice(0, 300)}, want ${w.slice(0, 300)}`);
}

// said goes to the service and back without an acknowledgement.
async function said(socket, ...args) {
  const back = heard(socket, 'said');
  socket.emit('say', ...args);
  equal(await back, args);
}

const STEPS = {
  async auth() {
    equal((await join()).welcome, [plan.user, 'polling']); // whose handshake has no other form
  },

  async refusal() {
    const main = connect();
    await heard(main, 'connect');
    const mirror = main.socket.of('/mirror?token=wrong');
    main.socket.namespaces['/mirror'] = mirror; // the client forgets that the query is none of the name
    equal(await heard(mirror, 'connect_failed'), ['unauthorized']);
    equal(await asked(main, 'echo', 1), [1]);
  },

  async text() {
    const socket = await join();
    await said(socket, WORDS);
    await said(socket, { words: WORDS, list: [1, -2.5, null, [], true], deep: { a: { b: {} } } }, 'and');
    await said(socket, WORDS.repeat(2000));
  },

  async acks() {
    const socket = await join();
    equal(await asked(socket, 'echo', WORDS, 2), [WORDS, 2]);
    socket.on('question', (question, answer) => answer({ to: question }, WORDS));
    equal(await asked(socket, 'ask', 'why?'), [{ to: 'why?' }, WORDS]);
  },

  async namespaces() {
    const other = await join();
    const main = other.socket.of('');
    equal(await asked(main, 'echo', 1), [1]);
    equal(await asked(other, 'echo', 2), [2]);
    other.disconnect();
    equal(await asked(main, 'echo', 3), [3]);
  },

  async rooms() {
    const room = `${WORDS} ${plan.user} ${plan.transport}`;
    const [a, b, c] = [await join(), await join(), await join()];
    const told = [[], [], []];
    [a, b, c].forEach((socket, i) => socket.on('told', (...args) => told[i].push(args[0])));
    for (const socket of [a, b]) equal(await asked(socket, 'join', room), [room]);
    equal(await asked(c, 'tell', room, '', 'both'), [2]);
    await asked(b, 'leave', room);
    equal(await asked(c, 'tell', room, '', WORDS), [1]);
    for (const socket of [a, b, c]) await asked(socket, 'echo'); // behind what was told
    equal(told, [['both', WORDS], ['both'], []]);
  },

  async heartbeat() {
    const socket = await join();
    const { sessionid } = socket.socket;
    let losses = 0;
    socket.on('disconnect', () => losses++);
    await asked(socket, 'rest');
    equal([losses, socket.socket.sessionid], [0, sessionid]);
  },

  async reconnect() {
    const socket = await join();
    const { sessionid } = socket.socket;
    const back = heard(socket, 'disconnect').then(() => heard(socket, 'connect'));
    socket.emit('cut', 'nobody');
    await back;
    if (socket.socket.sessionid === sessionid) throw new Error('the session is the same');
    equal(await asked(socket, 'echo', WORDS), [WORDS]);
  },
};

console.log(`client socket.io-client ${version}`);
for (const step of plan.steps) {
  let timer;
  const tooLong = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error('took too long')), MOST_TIME); });
  try {
    await Promise.race([STEPS[step](), tooLong]);
    console.log(`ok ${step}`);
  } catch (err) {
    console.log(`not ok ${step}: ${String(err?.stack ?? err).replaceAll(/\s*\n\s*/g, ' ')}`);
  } finally {
    clearTimeout(timer);
    for (const socket of open) {
      socket.options.reconnect = false;
      socket.disconnect();
    }
    open.clear();
  }
}
process.exit(0); // whatever a client may still wait for
