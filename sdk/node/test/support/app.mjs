// An application with what applications use: auth middleware, rooms, data, acknowledgements both ways, rate limits in
// `use`, dynamic namespaces, disconnecting, kick. Its first argument is the module that it imports: nothing else differs.
import { createServer } from "node:http";

const { Server } = await import(process.argv[2]);
const httpServer = createServer();
const io = new Server(httpServer, { cors: { origin: "*" }, cleanupEmptyChildNamespaces: false });
const counts = { welcomes: 0, joins: 0, leaves: 0 };

io.use((socket, next) => {
  const { name, token } = socket.handshake.auth;
  if (token !== "secret") return next(Object.assign(new Error("unauthorized"), { data: { retry: false } }));
  socket.name = name;
  next();
});
io.use(async (socket, next) => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  socket.data.name = socket.name;
  next();
});

io.on("connection", (socket) => {
  if (!socket.moved) {
    counts.joins++;
    counts.welcomes++;
    socket.emit("welcome", socket.name, [...socket.rooms].length);
  }
  let last = 0;
  socket.use(([event], next) => {
    if (event === "limited" && ++last > 2) return next(new Error("rate limit"));
    next();
  });
  socket.on("error", (err) => socket.emit("problem", err.message));
  socket.on("limited", (done) => done("ok"));
  socket.on("join", async (room, done) => {
    await socket.join(room);
    socket.to(room).emit("joined", socket.name);
    done(
      [...socket.rooms].filter((one) => one !== socket.id),
      io.sockets.adapter.rooms.get(room).size,
    );
  });
  socket.on("leave", (room, done) => {
    socket.leave(room);
    done(socket.rooms.has(room));
  });
  socket.on("say", (room, text, done) => {
    io.to(room).emit("said", socket.name, text);
    done();
  });
  socket.on("others", (text) => socket.broadcast.emit("said", socket.name, text));
  socket.on("binary", (value, done) => done({ again: value, size: value.length }));
  socket.on("ask-me", async (done) => done(await socket.emitWithAck("question", 20)));
  socket.on("ask-late", (done) => socket.timeout(150).emit("unanswered", (err) => done(err.message)));
  socket.on("ask-room", async (room, done) => {
    try {
      done(null, (await io.in(room).timeout(400).emitWithAck("question", 1)).sort());
    } catch (err) {
      done(err.message, err.responses);
    }
  });
  socket.on("set", (key, value, done) => {
    socket.data[key] = value;
    done(socket.data);
  });
  socket.on("who", async (done) => {
    const sockets = await io.fetchSockets();
    done(sockets.map((one) => one.data.name).sort());
  });
  socket.on("kick", async (name, done) => {
    const sockets = await io.fetchSockets();
    for (const one of sockets) if (one.data.name === name) one.disconnect(true);
    done();
  });
  socket.on("save", async (id, done) => {
    process.send?.({ saved: id });
    done(id);
  });
  socket.on("numeric", (done) => {
    socket.join(42);
    done(socket.rooms.has(42), socket.rooms.has("42"), io.of("/").adapter.rooms.has(42));
  });
  socket.onAny((event, ...args) => {
    if (event === "anything") socket.emit("any", args.length);
  });
  socket.on("disconnecting", (reason) => {
    for (const room of socket.rooms) if (room !== socket.id) socket.to(room).emit("left", socket.name, reason);
  });
  socket.on("disconnect", () => counts.leaves++);
});

io.of(/^\/tenant-\w+$/).on("connection", (socket) => {
  socket.emit("tenant", socket.nsp.name);
  socket.on("shout", (text) => socket.nsp.emit("shouted", text));
});
io.on("config", (value, done) => done?.(`${process.pid} ${value}`));

process.on("message", async (message) => {
  if (message === "counts") process.send({ counts });
  if (message === "serverSide")
    process.send({ answers: await io.serverSideEmitWithAck("config", "x").catch((err) => err.message) });
  if (message === "sockets") process.send({ sockets: [...io.sockets.sockets.keys()] });
});
httpServer.listen(0, "127.0.0.1", () => process.send?.({ port: httpServer.address().port }));
