// Socket.IO client 0.9 of npm in Node.js, whose interface is another one: node oldest.mjs PLAN

import { createRequire } from 'node:module';
import { asked, equal, heard, rooms, said, take } from './scenario.mjs';

const require = createRequire(import.meta.url);
const plan = JSON.parse(process.argv[2]);
const oldest = require(plan.module);
const { version } = require(`../../../../node_modules/${plan.module}/package.json`);

const TRANSPORTS = { polling: 'xhr-polling', websocket: 'websocket' };
const WORDS = 'grüße 🌍 \u2028"\\\n\n:\uFFFD';

// Visit has the connections of one step.
class Visit {
  plan = plan;
  #open = [];

  // connect opens a connection, and returns the main namespace.
  connect() {
    oldest.transports = [TRANSPORTS[plan.transport]]; // the option of that name is merged with what is there
    const main = oldest.connect(`${plan.url}/?user=${plan.user}`, {
      'force new connection': true, 'reconnection delay': 1, 'reconnection limit': 100, 'max reconnection attempts': Infinity,
    });
    this.#open.push(main.socket);
    return main;
  }

  // join resolves to /mirror, over the plan's transport.
  async join() {
    const main = this.connect();
    await heard(main, 'connect');
    const mirror = main.socket.of('/mirror');
    const welcome = await heard(mirror, 'welcome');
    equal(main.socket.transport.name, TRANSPORTS[plan.transport]);
    return Object.assign(mirror, { welcome });
  }

  end() {
    for (const socket of this.#open) {
      socket.options.reconnect = false;
      socket.disconnect();
    }
  }
}

const STEPS = {
  async auth(visit) {
    equal((await visit.join()).welcome, [plan.user, 'polling']); // whose handshake has no other form
  },

  async refusal(visit) {
    const main = visit.connect();
    await heard(main, 'connect');
    const mirror = main.socket.of('/mirror?token=wrong');
    main.socket.namespaces['/mirror'] = mirror; // the client forgets that the query is none of the name
    equal(await heard(mirror, 'connect_failed'), ['unauthorized']);
    equal(await asked(main, 'echo', 1), [1]);
  },

  async text(visit) {
    const socket = await visit.join();
    await said(socket, WORDS);
    await said(socket, { words: WORDS, list: [1, -2.5, null, [], true], deep: { a: { b: {} } } }, 'and');
    await said(socket, WORDS.repeat(2000));
  },

  async acks(visit) {
    const socket = await visit.join();
    equal(await asked(socket, 'echo', WORDS, 2), [WORDS, 2]);
    socket.on('question', (question, answer) => answer({ to: question }, WORDS));
    equal(await asked(socket, 'ask', 'why?'), [{ to: 'why?' }, WORDS]);
  },

  async namespaces(visit) {
    const other = await visit.join();
    const main = other.socket.of('');
    equal(await asked(main, 'echo', 1), [1]);
    equal(await asked(other, 'echo', 2), [2]);
    other.disconnect();
    equal(await asked(main, 'echo', 3), [3]);
  },

  rooms,

  async heartbeat(visit) {
    const socket = await visit.join();
    const { sessionid } = socket.socket;
    let losses = 0;
    socket.on('disconnect', () => losses++);
    await asked(socket, 'rest');
    equal([losses, socket.socket.sessionid], [0, sessionid]);
  },

  async reconnect(visit) {
    const socket = await visit.join();
    const { sessionid } = socket.socket;
    const back = heard(socket, 'disconnect').then(() => heard(socket, 'connect'));
    socket.emit('cut', 'nobody');
    await back;
    if (socket.socket.sessionid === sessionid) throw new Error('the session is the same');
    equal(await asked(socket, 'echo', WORDS), [WORDS]);
  },
};

console.log(`client socket.io-client ${version}`);
await take(plan.steps, STEPS, () => new Visit(), (step, why) => console.log(why ? `not ok ${step}: ${why}` : `ok ${step}`));
process.exit(0); // whatever a client may still wait for
