// What the page shows. Functions in, DOM out; nothing in here knows the network.

export const $ = (id) => document.getElementById(id);

const GROUP_WITHIN = 3 * 60_000; // messages of one author this close share a head
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const MARKS = {
  waiting: ['clock', 'Waiting for the chat service'],
  acked: ['tick', 'Delivered'],
  failed: ['failed', 'Not accepted'],
};

let last = null; // {from, at} of the newest message, null after a system line

export function showScreen(name) {
  document.body.dataset.screen = name;
  $('login').hidden = name !== 'login';
  $('chat').hidden = name !== 'chat';
}

// addMessage appends a message and returns its element. body is text, or
// {bytes, type, width, height}.
export function addMessage({ from, time, body, own }) {
  const item = $('message-template').content.firstElementChild.cloneNode(true);
  const at = Date.parse(time);
  item.classList.toggle('own', own);
  item.classList.toggle('follows', last?.from === from && at - last.at < GROUP_WITHIN);
  paint(item.querySelector('.avatar'), from);
  item.querySelector('.author').textContent = own ? 'You' : from;
  item.querySelector('.bubble').append(typeof body === 'string' ? body : picture(body, from));
  item.querySelector('.bubble').classList.toggle('image', typeof body !== 'string');
  const stamp = item.querySelector('time');
  stamp.dateTime = time;
  stamp.textContent = clock.format(at);
  last = { from, at };
  append(item, own);
  return item;
}

// mark says what became of one's own message.
export function mark(item, status, reason) {
  const [icon, label] = MARKS[status];
  const text = reason ? `${label}: ${reason}` : label;
  const mark = item.querySelector('.mark-status');
  item.dataset.status = status;
  mark.title = text;
  mark.innerHTML = `<svg aria-hidden="true"><use href="#i-${icon}"/></svg>`;
  const words = document.createElement('span');
  words.className = status === 'failed' ? 'why' : 'hidden';
  words.textContent = text;
  mark.append(words);
}

// addLine appends a line that nobody wrote. A weak line is one among many; the
// kinds 'away' and 'back' carry a colour.
export function addLine(text, kind = 'weak') {
  const item = document.createElement('li');
  item.className = `line ${kind}`;
  const words = document.createElement('span');
  words.textContent = text;
  item.append(words);
  last = null;
  append(item, false);
}

export function showPeople(names, own) {
  $('people').replaceChildren(...names.map((name) => {
    const item = document.createElement('li');
    const avatar = document.createElement('span');
    avatar.className = 'avatar';
    avatar.setAttribute('aria-hidden', 'true');
    paint(avatar, name);
    const label = document.createElement('span');
    label.className = 'who';
    label.textContent = name;
    item.append(avatar, label);
    if (name === own) item.append(Object.assign(document.createElement('em'), { textContent: 'you' }));
    return item;
  }));
  $('count').textContent = names.length === 1 ? 'Only you so far' : `${names.length} people here`;
}

export function showState(state) {
  document.body.dataset.state = state;
  $('badge').innerHTML = {
    connecting: 'Connecting…',
    waiting: 'Waiting for the service',
    connected: 'Connected',
    away: 'Service away<span>&nbsp;· messages wait</span>',
    reconnecting: 'Reconnecting…',
  }[state];
}

export function showFacts({ transport, since, lost }) {
  if (transport) $('transport').textContent = transport === 'websocket' ? 'WebSocket' : 'HTTP polling';
  if (since !== undefined) $('since').textContent = since?.toLocaleTimeString() ?? '–';
  if (lost !== undefined) $('lost').textContent = ['never', 'once', 'twice'][lost] ?? `${lost} times`;
}

export function scrollToNewest() {
  follows = true;
  $('scroll').scrollTop = $('scroll').scrollHeight;
  $('newer').hidden = true;
}

// The newest message stays in sight, whatever grows or shrinks, until the reader
// scrolls away from it.
let follows = true;
$('scroll').addEventListener('scroll', () => {
  const { scrollTop, scrollHeight, clientHeight } = $('scroll');
  follows = scrollHeight - scrollTop - clientHeight < 60;
  if (follows) $('newer').hidden = true;
});
const keepUp = new ResizeObserver(() => follows && scrollToNewest());
keepUp.observe($('scroll'));
keepUp.observe($('log'));
$('newer').addEventListener('click', scrollToNewest);

function append(item, own) {
  $('log').append(item);
  if (own || follows) scrollToNewest();
  else $('newer').hidden = false;
}

function picture({ bytes, type, width, height }, from) {
  const image = document.createElement('img');
  image.src = URL.createObjectURL(new Blob([bytes], { type }));
  image.alt = `Picture from ${from}`;
  const scale = Math.min(1, 340 / width, 300 / height);
  Object.assign(image, { width: width * scale, height: height * scale });
  const open = document.createElement('button');
  open.type = 'button';
  open.append(image);
  open.addEventListener('click', () => {
    const viewer = $('viewer');
    viewer.firstElementChild.src = image.src;
    viewer.firstElementChild.alt = image.alt;
    viewer.showModal();
  });
  return open;
}

// paint gives an avatar its initials and the colour of its name.
function paint(avatar, name) {
  const words = name.trim().split(/\s+/);
  const initials = words.length > 1 ? [words[0], words.at(-1)].map((w) => [...w][0]) : [...words[0]].slice(0, 2);
  let hash = 0;
  for (const char of name) hash = (hash * 31 + char.codePointAt(0)) >>> 0;
  avatar.textContent = initials.join('').toUpperCase();
  avatar.style.setProperty('--hue', (hash * 137.508) % 360);
}
