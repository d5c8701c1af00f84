// Processes for the tests: each is started here, read here and killed here, by its
// id. Nothing waits for a time; everything waits for a line or an event.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));
const CLIENT = path.join(root, 'node_modules/socket.io-client/dist');
const running = new Set();

// Process is a child whose output can be waited for.
export class Process {
  output = '';
  #waiting = new Set();

  constructor(command, args, options = {}) {
    this.name = [path.basename(command), ...args].join(' ');
    this.child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    this.ended = once(this.child, 'exit').then(([code, signal]) => {
      running.delete(this);
      this.#check(new Error(`${this.name} ended (${signal ?? code}):\n${this.output}`));
      return signal ?? code;
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.output += text;
        if (process.env.E2E_VERBOSE) process.stderr.write(text);
        this.#check();
      });
    }
    running.add(this);
  }

  get pid() { return this.child.pid; }

  // printed resolves to the match once the output has one.
  printed(pattern) {
    return new Promise((resolve, reject) => {
      this.#waiting.add({ pattern, resolve, reject });
      this.#check();
    });
  }

  // kill sends a signal and resolves to how the process ended.
  kill(signal = 'SIGKILL') {
    this.child.kill(signal);
    return this.ended;
  }

  #check(failure) {
    for (const waiter of this.#waiting) {
      const match = this.output.match(waiter.pattern);
      if (!match && !failure) continue;
      this.#waiting.delete(waiter);
      if (match) waiter.resolve(match);
      else waiter.reject(failure);
    }
  }
}

// startHub starts `hub serve` or `hub demo`, on free ports unless the flags say where.
export async function startHub(command, ...flags) {
  return startHubWith({}, command, ...flags);
}

// startHubWith does so with more environment variables.
export async function startHubWith(env, command, ...flags) {
  const hub = new Process(process.env.E2E_HUB, [
    command, '--listen=127.0.0.1:0', '--control-listen=127.0.0.1:0', '--admin-listen=127.0.0.1:0', `--client-dir=${CLIENT}`, ...flags,
  ], { env: { ...process.env, ...env } });
  const [, browsers, services, admin] = await hub.printed(/^hub ready browsers=(\S+) services=(\S+) admin=(\S+)/m);
  return Object.assign(hub, { url: new URL(browsers).origin, services, admin });
}

export async function startMirror(services) {
  const mirror = new Process(process.env.E2E_MIRROR, [services]);
  await mirror.printed(/^mirror attached/m);
  return mirror;
}

// endOf resolves to what the mirror tells a watcher about the end of the socket with that id. Others end too: sessions
// of earlier tests, whose pings time out.
export function endOf(watcher, id) {
  return new Promise((resolve) => watcher.on('gone', (...args) => { if (args[0] === id) resolve(args); }));
}

// endAll kills what is still running; to be called when the tests are over.
export function endAll() {
  return Promise.all([...running].map((p) => p.kill()));
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
process.on('exit', () => running.forEach((p) => p.child.kill('SIGKILL')));

// A wire between client and hub that passes so many bytes a second each way; 0 is no limit.
export async function startSlowWire(url, { up = 0, down = 0 }) {
  const { hostname, port } = new URL(url);
  const halves = new Set();
  const server = net.createServer((near) => {
    const far = net.connect(port, hostname);
    near.setNoDelay(true);
    far.setNoDelay(true);
    for (const [from, to, rate] of [[near, far, up], [far, near, down]]) {
      halves.add(from);
      from.on('error', () => {}).on('close', () => { halves.delete(from); to.destroy(); });
      if (rate) pass(from, to, rate);
      else from.pipe(to);
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => { halves.forEach((half) => half.destroy()); server.close(); },
  };
}

// pass takes a twentieth of a second's bytes twenty times a second, and leaves the rest where it is.
function pass(from, to, rate) {
  from.pause();
  const tick = setInterval(() => {
    const chunk = from.read(Math.min(Math.ceil(rate / 20), from.readableLength)) ?? null;
    if (chunk) to.write(chunk);
    else if (from.readableEnded) to.end();
  }, 50);
  from.on('readable', () => {}).on('end', () => to.end()).on('close', () => clearInterval(tick));
}

// A wire between client and hub that can be cut, and mended.
export async function startWire(url) {
  const { hostname, port } = new URL(url);
  const halves = new Set();
  let whole = true;
  const server = net.createServer((near) => {
    if (!whole) return near.destroy();
    const far = net.connect(port, hostname);
    for (const [from, to] of [[near, far], [far, near]]) {
      halves.add(from);
      from.pipe(to);
      from.on('error', () => {}).on('close', () => { halves.delete(from); to.destroy(); });
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const cut = () => {
    whole = false;
    halves.forEach((half) => half.destroy());
  };
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    cut,
    mend: () => { whole = true; },
    close: () => { cut(); server.close(); },
  };
}
