// A service of Feathers: messages, of which everybody hears.
const { createRequire } = require("node:module");
const need = createRequire(`${process.env.SIOHUB_NODE_APPS}/package.json`);
const { feathers } = need("@feathersjs/feathers");
const { koa } = need("@feathersjs/koa");
const { NotFound } = need("@feathersjs/errors");

const messages = [];
const app = koa(feathers());
app.configure(
  need("@feathersjs/socketio")((io) => {
    io.use((socket, next) => {
      socket.feathers.user = socket.handshake.auth.user;
      next(socket.feathers.user ? undefined : new Error("who?"));
    });
  }),
);
app.use("messages", {
  find: async () => messages,
  async get(id) {
    if (!messages[id]) throw new NotFound("no such message");
    return messages[id];
  },
  async create(data, { user, provider }) {
    messages.push({ id: messages.length, by: user, provider, ...data });
    return messages.at(-1);
  },
});
app.on("connection", (connection) => app.channel("everybody").join(connection));
app.publish(() => app.channel("everybody"));
app.listen(Number(process.env.APP_PORT));
