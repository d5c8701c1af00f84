// The chat service of ../chat in Node.js. What the events mean stands in
// ../chat/chat.go; the page is the same. With socket.io itself the first line and
// the argument of the second differ.

import { Server } from '@siohub/server';

const io = new Server({ hub: { address: process.argv[2], group: 'chat', namespaces: ['/chat'], logger: console } });
const chat = io.of('/chat');
const reserved = ['admin', 'root', 'system'];
const imageTypes = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];

// Who gets in. It runs again where a socket moves to, and puts the name there.
chat.use((socket, next) => {
  const name = String(socket.handshake.auth.name ?? '').trim().replace(/\s+/g, ' ');
  const refuse = (why) => next(Object.assign(new Error(why), { data: { field: 'name' } }));
  if (!name) return refuse('Please tell us your name.');
  if ([...name].length > 24) return refuse('Please choose a name of at most 24 letters.');
  if (reserved.includes(name.toLowerCase())) return refuse(`The name “${name}” is reserved. Please choose another one.`);
  socket.data.name = name;
  next();
});

chat.on('connection', (socket) => {
  const from = socket.data.name;
  const others = () => socket.to('lobby');
  socket.join('lobby');
  tellPeople();
  socket.on('disconnect', tellPeople);

  socket.on('message', answered((message) => {
    if (!message?.id || typeof message.text !== 'string' || !message.text.trim()) return { error: 'There is nothing to read in it.' };
    if ([...message.text].length > 2000) return { error: 'It is longer than 2000 letters.' };
    const { id, text } = message;
    others().emit('message', { id, from, time: new Date(), text });
    return {};
  }));

  socket.on('image', answered((image, bytes) => {
    if (!image?.id || !imageTypes.includes(image.type) || !Buffer.isBuffer(bytes)) return { error: 'It is no picture that browsers show.' };
    if (!bytes.length || bytes.length > 900_000) return { error: 'The picture is empty or too large.' };
    const { id, type, width, height } = image;
    others().emit('image', { id, from, time: new Date(), type, width, height }, bytes);
    return {};
  }));

  socket.on('typing', () => others().volatile.emit('typing', from));
  socket.on('alive', answered(() => undefined));
});

// answered gives what a listener returns to the browser's callback, which a
// browser may have left out.
function answered(listener) {
  return (...args) => {
    const done = typeof args.at(-1) === 'function' ? args.pop() : () => {};
    done(listener(...args));
  };
}

// Who is there is asked of the hub, one question after the other, so that an
// older list never comes last.
let asked = Promise.resolve();
function tellPeople() {
  asked = asked.then(async () => {
    const sockets = await chat.in('lobby').fetchSockets();
    chat.to('lobby').emit('people', sockets.map(({ data }) => data.name));
  }).catch((err) => console.error('nobody is told who is there:', err.message));
  return asked; // the event is dealt with when they have been told
}

io.listen();
