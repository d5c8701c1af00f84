// The chat page: what the reader does goes to the connection, what the
// connection tells goes to the view.

import { Connection } from './connection.js';
import { prepare } from './picture.js';
import * as view from './view.js';

const { $ } = view;
const own = new Map(); // id -> element of one's own messages without an ack
const seen = new Set(); // author and id of every message on the page

let me = '';
let connection = null;
let people = null;
let picked = null; // the picture about to be sent
let opened = 0; // how often the connection was opened
let unread = 0;

// Login

$('login-form').addEventListener('submit', (event) => {
  event.preventDefault();
  if (connection) return;
  me = $('name').value.trim();
  if (!globalThis.io) return note('login', 'The Socket.IO client is missing: see /socket.io/socket.io.min.js.');
  note('login', '');
  $('enter').setAttribute('aria-busy', 'true');
  open();
});

function open() {
  connection = new Connection(me);
  const on = (type, handle) => connection.addEventListener(type, ({ detail }) => handle(...detail));
  on('state', stateChanged);
  on('refused', refused);
  on('acked', acked);
  on('people', peopleChanged);
  on('message', ({ id, from, time, text }) => received(id, from, time, text));
  on('image', ({ id, from, time, type, width, height }, bytes) => received(id, from, time, { bytes, type, width, height }));
  on('typing', showTyping);
  on('transport', (transport) => view.showFacts({ transport }));
}

function refused(message, detail) {
  connection = null;
  people = null;
  opened = 0;
  document.body.dataset.state = 'idle';
  $('enter').removeAttribute('aria-busy');
  view.showScreen('login');
  note('login', message, detail?.field === 'name');
  $('name').select();
}

function note(where, text, isField = false) {
  $(`${where}-note`).textContent = text;
  if (where === 'login') $('name').setAttribute('aria-invalid', isField);
}

// Connection

function stateChanged(state, before) {
  view.showState(state);
  document.body.dataset.socket = connection.id ?? '';
  if (state === 'connected') {
    if (before === 'away') view.addLine('The chat service is back, and what waited is on its way.', 'back');
    else connected();
  } else if (state === 'away') {
    view.addLine('The chat service is away. You are still connected; messages wait in the hub.', 'away');
  } else if (opened > 0) {
    view.showFacts({ since: null });
  } else {
    setTimeout(explain, 1500, state);
  }
}

// explain says what a login waits for, when it still does.
function explain(state) {
  if (document.body.dataset.state !== state || opened > 0) return;
  note('login', state === 'reconnecting' ? 'The hub cannot be reached. Trying again…' : 'The chat service does not answer yet. Your login waits in the hub…');
}

function connected() {
  $('enter').removeAttribute('aria-busy');
  note('login', '');
  view.showFacts({ since: new Date(), lost: opened++ });
  if (document.body.dataset.screen === 'chat') return;
  view.showScreen('chat');
  $('text').focus();
}

function peopleChanged(now) {
  const names = [...new Set(now)].sort((a, b) => (b === me) - (a === me) || a.localeCompare(b));
  for (const name of people ?? []) if (!names.includes(name)) view.addLine(`${name} left`);
  for (const name of names) if (people && !people.includes(name)) view.addLine(`${name} joined`);
  if (!people) view.addLine(names.length > 1 ? 'You joined. Say hello!' : 'You joined. Open a second tab to have somebody to talk to.');
  people = names;
  view.showPeople(names, me);
}

// Messages

function received(id, from, time, body) {
  const key = `${from} ${id}`;
  if (seen.has(key)) return; // delivered twice, as happens when a service dies
  seen.add(key);
  showTyping('');
  view.addMessage({ from, time, body, own: false });
  if (document.hidden) document.title = `(${++unread}) siohub chat`;
}

$('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  note('composer', '');
  if (picked) {
    const { bytes, ...facts } = picked;
    send(picked, (id) => ['image', id, { id, ...facts }, bytes]);
    pick(null);
  }
  const text = $('text').value.trim();
  if (text) send(text, (id) => ['message', id, { id, text }]);
  $('text').value = '';
  mentioned = 0;
  grow();
  $('text').focus();
});

function send(body, message) {
  const id = Array.from(crypto.getRandomValues(new Uint8Array(9)), (b) => b.toString(36).padStart(2, '0')).join('');
  const item = view.addMessage({ from: me, time: new Date().toISOString(), body, own: true });
  view.mark(item, 'waiting');
  own.set(id, item);
  connection.send(...message(id));
}

function acked(id, answer) {
  view.mark(own.get(id), answer?.error ? 'failed' : 'acked', answer?.error);
  own.delete(id);
}

$('text').addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $('composer').requestSubmit();
});

$('text').addEventListener('input', () => {
  grow();
  mentionTyping();
});

function grow() {
  $('text').style.height = 'auto';
  $('text').style.height = `${$('text').scrollHeight}px`;
}

// Typing

let typingUntil;
let mentioned = 0;

function mentionTyping() {
  if (Date.now() - mentioned < 2000) return;
  mentioned = Date.now();
  connection.mention('typing');
}

function showTyping(from) {
  clearTimeout(typingUntil);
  $('typing').textContent = from ? `${from} is typing…` : '';
  if (from) typingUntil = setTimeout(showTyping, 4000, '');
}

// Pictures

async function pick(file) {
  picked = null;
  $('preview').hidden = true;
  $('file').value = '';
  URL.revokeObjectURL($('preview-image').src);
  if (!file) return;
  try {
    picked = await prepare(file);
  } catch {
    return note('composer', `${file.name || 'That'} is no picture that this browser can read.`);
  }
  note('composer', '');
  $('preview-image').src = URL.createObjectURL(new Blob([picked.bytes], { type: picked.type }));
  $('preview-caption').textContent = `${file.name || 'Picture'} · ${Math.ceil(picked.bytes.byteLength / 1000)} kB`;
  $('preview').hidden = false;
  $('text').focus();
}

$('file').addEventListener('change', () => pick($('file').files[0]));
$('preview-remove').addEventListener('click', () => pick(null));
$('text').addEventListener('paste', (event) => {
  if (event.clipboardData.files.length) pick(event.clipboardData.files[0]);
});
$('chat').addEventListener('dragover', (event) => event.preventDefault());
$('chat').addEventListener('drop', (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length) pick(event.dataTransfer.files[0]);
});
$('viewer').addEventListener('click', () => $('viewer').close());

document.addEventListener('visibilitychange', () => {
  unread = 0;
  document.title = 'siohub chat';
});
