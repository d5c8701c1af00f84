// What every socket.io-client is taken through, in Node.js and in a browser. It imports nothing: whoever runs it brings
// the client along.

const TRANSPORTS = {
  polling: { transports: ['polling'] },
  jsonp: { transports: ['polling'], forceJSONP: true },
  websocket: { transports: ['websocket'] },
  upgrade: { transports: ['polling', 'websocket'] },
  webtransport: { transports: ['webtransport'] },
};
const WORDS = 'grüße 🌍 \u2028"\\\n\n:';
const MOST_TIME = 40_000; // for a step

// run takes the steps of a plan, and reports each.
export function run(plan, kit, report) {
  return take(plan.steps, STEPS, (step) => new Visit(plan, kit, step === 'recovery' ? plan.recoveryUrl : plan.url), report);
}

// take takes steps, each with a visit of its own, and reports each.
export async function take(names, steps, visitOf, report) {
  for (const step of names) {
    const visit = visitOf(step);
    let timer;
    const tooLong = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error('took too long')), MOST_TIME); });
    try {
      await Promise.race([steps[step](visit), tooLong]);
      await report(step);
    } catch (err) {
      await report(step, String(err?.stack ?? err).replaceAll(/\s*\n\s*/g, ' '));
    } finally {
      clearTimeout(timer);
      visit.end();
    }
  }
}

// Visit has the connections of one step.
class Visit {
  #sockets = [];

  constructor(plan, { Manager, options = {}, binary }, url) {
    Object.assign(this, { plan, Manager, options, binary, url });
  }

  // manager is a connection, which may carry several namespaces.
  manager() {
    return new this.Manager(this.url, {
      ...TRANSPORTS[this.plan.transport], reconnectionDelay: 1, reconnectionDelayMax: 20, randomizationFactor: 0,
      ...(this.plan.query && { query: `user=${this.plan.user}` }), ...this.options,
    });
  }

  enter(manager, namespace, auth = {}) {
    const user = { user: this.plan.user, ...auth };
    const socket = manager.socket(namespace, this.plan.query ? { query: new URLSearchParams(user).toString() } : { auth: user });
    this.#sockets.push(socket);
    return socket;
  }

  // join resolves to a socket that is in, and over the last of its transports.
  async join() {
    const socket = this.enter(this.manager(), '/mirror');
    const welcome = heard(socket, 'welcome');
    await connected(socket);
    const { engine } = socket.io;
    if (this.plan.transport === 'upgrade' && engine.transport.name === 'polling') await heard(engine, 'upgrade');
    equal(engine.transport.name, TRANSPORTS[this.plan.transport].transports.at(-1));
    return Object.assign(socket, { welcome: await welcome });
  }

  end() {
    for (const socket of this.#sockets) {
      socket.io.reconnection(false);
      socket.disconnect();
      socket.io.engine?.close();
    }
  }
}

export const heard = (emitter, event) => new Promise((resolve) => { emitter.once(event, (...args) => resolve(args)); });
export const asked = (socket, ...args) => new Promise((resolve) => { socket.emit(...args, (...answer) => resolve(answer)); });

// refused resolves to what a socket is refused with. Old clients say error where those of today say connect_error.
const refused = (socket) => new Promise((resolve) => { socket.once('connect_error', resolve).once('error', resolve); });

async function connected(socket) {
  const no = await Promise.race([heard(socket, 'connect').then(() => null), refused(socket)]);
  if (no) throw new Error(`refused: ${no.message ?? JSON.stringify(no)}`);
}

// plain is a value that can be compared: binary as a list of numbers.
function plain(value) {
  if (value instanceof ArrayBuffer) return { bytes: [...new Uint8Array(value)] };
  if (ArrayBuffer.isView(value)) return { bytes: [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)] };
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}

export function equal(got, want) {
  const [g, w] = [got, want].map((value) => JSON.stringify(plain(value)) ?? 'undefined');
  if (g !== w) throw new Error(`got ${g.slice(0, 300)}, want ${w.slice(0, 300)}`);
}

function differ(a, b) {
  if (a === b) throw new Error(`both are ${a}`);
}

// said goes to the service and back without an acknowledgement.
export async function said(socket, ...args) {
  const back = heard(socket, 'said');
  socket.emit('say', ...args);
  equal(await back, args);
}

export async function rooms(visit) {
  const room = `${WORDS} ${visit.plan.user} ${visit.plan.transport}`;
  const [a, b, c] = [await visit.join(), await visit.join(), await visit.join()];
  const told = [[], [], []];
  [a, b, c].forEach((socket, i) => socket.on('told', (...args) => told[i].push(args[0])));
  for (const socket of [a, b]) equal(await asked(socket, 'join', room), [room]);
  equal(await asked(c, 'tell', room, '', 'both'), [2]);
  await asked(b, 'leave', room);
  equal(await asked(c, 'tell', room, '', WORDS), [1]);
  for (const socket of [a, b, c]) await asked(socket, 'echo'); // behind what was told
  equal(told, [['both', WORDS], ['both'], []]);
}

const STEPS = {
  async auth(visit) {
    const { welcome } = await visit.join();
    equal(welcome.slice(0, 2), [visit.plan.user, TRANSPORTS[visit.plan.transport].transports[0]]);
  },

  async refusal(visit) {
    const socket = visit.enter(visit.manager(), '/mirror', { token: 'wrong' });
    const no = await refused(socket);
    if (!visit.plan.query) equal(no.message, 'that is not the word');
    equal(visit.plan.query ? no : no.data, { code: 'WRONG', tries: 3 });
    equal(socket.connected, false);
  },

  async text(visit) {
    const socket = await visit.join();
    await said(socket, WORDS);
    await said(socket, { words: WORDS, list: [1, -2.5, null, [], true], deep: { a: { b: {} } } }, 'and');
    await said(socket, WORDS.repeat(2000));
  },

  async binary(visit) {
    const socket = await visit.join();
    const bytes = visit.binary([0, 255, 30, 58, 128]);
    await said(socket, bytes);
    await said(socket, { file: { bytes, list: [bytes, WORDS] } }, WORDS, visit.binary([7]));
    await said(socket, visit.binary(Array.from({ length: 100_000 }, (_, i) => i % 251)));
  },

  async acks(visit) {
    const socket = await visit.join();
    const bytes = visit.binary([0, 255, 30]);
    equal(await asked(socket, 'echo', WORDS, 2), [WORDS, 2]);
    equal(await asked(socket, 'echo', { bytes }, WORDS), [{ bytes }, WORDS]);
    socket.on('question', (question, answer) => answer({ to: question }, bytes));
    equal(await asked(socket, 'ask', 'why?'), [{ to: 'why?' }, bytes]);
    equal(await asked(socket, 'ask', bytes), [{ to: bytes }, bytes]);
  },

  async namespaces(visit) {
    const manager = visit.manager();
    const main = visit.enter(manager, '/');
    await connected(main);
    const other = visit.enter(manager, '/mirror');
    await connected(other);
    if (!visit.plan.module.endsWith('-1')) differ(main.id, other.id); // which shows the same in all of them
    equal(await asked(main, 'echo', 1), [1]);
    equal(await asked(other, 'echo', 2), [2]);
    other.disconnect();
    equal(await asked(main, 'echo', 3), [3]);
  },

  rooms,

  async heartbeat(visit) {
    const socket = await visit.join();
    const { id } = socket.io.engine;
    let losses = 0;
    socket.on('disconnect', () => losses++);
    await asked(socket, 'rest');
    equal([losses, socket.io.engine.id], [0, id]);
  },

  async reconnect(visit) {
    const socket = await visit.join();
    const [id, engine] = [socket.id, socket.io.engine.id];
    const lost = heard(socket, 'disconnect');
    const back = heard(socket, 'connect');
    socket.emit('cut', 'nobody');
    await lost;
    await back;
    differ(socket.io.engine.id, engine);
    differ(socket.id, id);
    equal(await asked(socket, 'echo', WORDS), [WORDS]);
  },

  async recovery(visit) {
    const room = `away ${visit.plan.user}`;
    const socket = await visit.join();
    const { id } = socket;
    const missed = [];
    socket.on('missed', (count, bytes) => missed.push([count, bytes]));
    equal(socket.recovered, false);
    await asked(socket, 'join', room);
    const back = heard(socket, 'disconnect').then(() => heard(socket, 'connect'));
    socket.emit('cut', room);
    await back;
    equal([socket.recovered, socket.id], [true, id]);
    equal(await asked(socket, 'tell', room, '', 'still there?'), [1]);
    equal(missed, [1, 2, 3].map((count) => [count, visit.binary([count])]));
  },
};
