// A games lobby, written for socket.io without a look at the kit; unseen.test.mjs maps its import of socket.io to the
// kit and changes nothing else. JOURNAL is the file that stands in for its database.
import { createHash, randomUUID } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Server } from "socket.io";

const note = (...words) => appendFileSync(process.env.JOURNAL, `${words.join(" ")}\n`);
const noted = (first) =>
  existsSync(process.env.JOURNAL)
    ? readFileSync(process.env.JOURNAL, "utf8")
        .split("\n")
        .filter((line) => line.startsWith(`${first} `))
    : [];

const httpServer = createServer(route);
const io = new Server(httpServer, {
  cors: { origin: true, credentials: true },
  maxHttpBufferSize: 2e6,
  connectionStateRecovery: { maxDisconnectionDuration: 60_000 },
});

// --- sessions, in the manner of express-session

const sessions = new Map();
function session(req, res, next) {
  const [, id] = /(?:^|; )arcade=([\w-]+)/.exec(req.headers.cookie ?? "") ?? [];
  req.sessionID = id ?? randomUUID();
  if (!sessions.has(req.sessionID)) {
    sessions.set(req.sessionID, { visits: 0, save: (done) => setImmediate(done) });
    res.setHeader("set-cookie", `arcade=${req.sessionID}; Path=/`);
  }
  req.session = sessions.get(req.sessionID);
  if (req._query?.sid === undefined) req.session.visits++;
  next();
}
io.engine.use(session);

// --- who may come in

class AuthError extends Error {
  constructor(message, data) {
    super(message);
    this.data = data;
  }
}

io.use((socket, next) => {
  const token = socket.handshake.auth.token ?? socket.handshake.query.token ?? socket.handshake.headers["x-token"];
  if (!token) return next(new Error("no token"));
  const [kind, name, role = "player"] = String(token).split(":");
  if (kind !== "tok") return next(new AuthError("unauthorized", { code: 401, retry: false }));
  socket.data.name = name;
  socket.data.role = role;
  next();
});
io.use(async (socket, next) => {
  await new Promise((resolve) => setTimeout(resolve, 2));
  if (noted("ban").includes(`ban ${socket.data.name}`)) return next(new AuthError("banned", { until: 2030 }));
  next();
});

// --- the lobby

const cursors = new WeakMap();
const watch = { created: new Set(), joined: 0 };
io.of("/").adapter.on("create-room", (room) => watch.created.add(room));
io.of("/").adapter.on("join-room", () => watch.joined++);

function limiter(limit, every) {
  let tokens = limit;
  let since = Date.now();
  return () => {
    const now = Date.now();
    if (now - since > every) [tokens, since] = [limit, now];
    return tokens-- > 0;
  };
}

io.on("connection", (socket) => {
  socket.score = 0;
  socket.allowed = limiter(4, 1000);
  cursors.set(socket, { x: 0, y: 0 });
  socket.join(["lobby", `user:${socket.data.name}`]);
  if (!socket.recovered) {
    socket.data.points = 0;
    note("join", socket.data.name);
    socket.emit("welcome", { name: socket.data.name, rooms: [...socket.rooms].sort(), id: socket.id });
    socket.broadcast.to("lobby").emit("arrived", socket.data.name);
  }

  socket.use(([event, ...args], next) => {
    if (event === "chat" && !socket.allowed()) return next(new AuthError("slow down", { event, count: args.length }));
    if (event === "forbidden") return next(new Error("forbidden"));
    next();
  });
  socket.on("error", (err) => socket.emit("refused", err.message, err.data ?? null));
  socket.onAny((event) => {
    socket.last = event;
  });
  socket.onAnyOutgoing((event) => {
    if (event === "chat") socket.sentChats = (socket.sentChats ?? 0) + 1;
  });

  socket.on("chat", (text, done) => {
    socket.to("lobby").emit("chat", { from: socket.data.name, text });
    done?.({ ok: true, sent: socket.sentChats ?? 0 });
  });
  socket.on("keep", (id, done) => {
    note("kept", id);
    socket.data.points++;
    io.to(`user:${socket.data.name}`).emit("kept", id);
    done(id, socket.data.name);
  });
  socket.on("table:join", async (table, done) => {
    await socket.join(`table:${table}`);
    socket.to(`table:${table}`).emit("table:joined", table, socket.data.name);
    const others = await io.in(`table:${table}`).fetchSockets();
    done({ seats: others.map((other) => other.data.name).sort(), rooms: [...socket.rooms].length });
  });
  socket.on("table:leave", (table, done) => {
    socket.leave(`table:${table}`);
    done(socket.rooms.has(`table:${table}`), io.sockets.adapter.rooms.get(`table:${table}`)?.size ?? 0);
  });
  socket.on("table:vote", async (table, question, patience, done) => {
    try {
      const votes = await io.in(`table:${table}`).except(socket.id).timeout(patience).emitWithAck("vote", question);
      done(null, votes.sort());
    } catch (err) {
      done({ message: err.message, partial: err.responses?.sort() });
    }
  });
  socket.on("table:move", (from, to, done) => {
    io.in(`table:${from}`).socketsJoin([`table:${to}`, "moved"]);
    io.in(`table:${from}`).socketsLeave(`table:${from}`);
    done();
  });
  socket.on("table:say", (tables, except, text, done) => {
    io.to(tables.map((table) => `table:${table}`))
      .except(except.map((name) => `user:${name}`))
      .emit("said", text);
    done();
  });
  socket.on("dice", async (done) => {
    try {
      const seed = await socket.timeout(300).emitWithAck("seed", 6);
      done(null, createHash("md5").update(String(seed)).digest("hex"));
    } catch (err) {
      done(err.message);
    }
  });
  socket.on("dice:callback", (done) => {
    socket.timeout(150).emit("seed", 7, (err, seed) => done(err ? err.message : null, seed ?? null));
  });
  socket.on("sprite", (meta, image, done) => {
    const digest = createHash("sha256").update(image).digest("hex");
    socket.broadcast.emit("sprite", { meta, parts: [image.subarray(0, 3), { tail: image.subarray(-3) }] });
    done({ digest, mirror: Buffer.from(image).reverse(), buffer: Buffer.isBuffer(image) });
  });
  socket.on("cursor", (x, y) => {
    Object.assign(cursors.get(socket), { x, y });
    socket.volatile.broadcast.emit("cursor", socket.data.name, cursors.get(socket));
  });
  socket.on("score", (points, done) => {
    socket.score += points;
    done(socket.score, io.sockets.sockets.get(socket.id) === socket, socket.last);
  });
  socket.on("facts", (done) => {
    done({
      agent: socket.handshake.headers["x-agent"] ?? null,
      query: socket.handshake.query.color ?? null,
      auth: Object.keys(socket.handshake.auth),
      url: socket.handshake.url.startsWith("/socket.io/"),
      request: socket.request.headers["x-agent"] ?? null,
      transport: socket.conn.transport.name,
      ids: new Set([socket.id, socket.conn.id]).size,
      visits: socket.request.session.visits,
      connected: socket.connected,
      nsp: socket.nsp.name,
      clients: io.engine.clientsCount >= io.sockets.sockets.size,
      created: watch.created.has("lobby") && watch.joined > 2,
    });
  });
  socket.on("kick", async (name, close, done) => {
    if (socket.data.role !== "admin") return done({ error: "admins only" });
    const found = (await io.fetchSockets()).filter((one) => one.data.name === name);
    const kicked = found.map((one) => [one.data.role, one.rooms.has("lobby"), one.handshake.headers["x-agent"]]);
    for (const one of found) {
      one.emit("kicked", socket.data.name);
      one.disconnect(close);
    }
    done({ kicked });
  });
  socket.on("throws-later", () => setTimeout(() => socket.emit("later"), 20));
  socket.once("only-once", (done) => done("first"));
  socket.on("disconnecting", (reason) => {
    for (const room of socket.rooms) {
      if (room.startsWith("table:")) socket.to(room).emit("table:left", room, socket.data.name, reason);
    }
  });
  socket.on("disconnect", (reason) => {
    note("leave", socket.data.name, reason.replaceAll(" ", "-"));
    io.to("lobby").emit("gone", socket.data.name, socket.rooms.size);
  });
});

// --- administration, rooms of games, and whatever a function lets in

const admin = io.of("/admin");
admin.use((socket, next) => {
  if (!socket.handshake.auth.token?.endsWith(":admin")) return next(new AuthError("admins only", { hint: "/login" }));
  socket.admin = true;
  next();
});
admin.on("connection", (socket) => {
  socket.send("hello", socket.admin);
  socket.on("message", (...args) => admin.except(socket.id).emit("message", ...args));
  socket.on("close-table", (table, done) => {
    io.in(`table:${table}`).emit("closed", table);
    io.in(`table:${table}`).disconnectSockets(true);
    done();
  });
  socket.on("ping-all", async (done) => {
    const patience = new Promise((resolve) => setTimeout(resolve, 1000, [])); // one process alone is not answered
    done((await Promise.race([io.serverSideEmitWithAck("status", socket.id), patience])).sort());
  });
  socket.on("tell-all", (text) => io.serverSideEmit("tell", text));
});
io.on("status", (id, reply) => reply(`${typeof id} ${process.pid}`));
io.on("tell", (text) => io.local.emit("told", text, process.pid));

const games = io.of(/^\/game-(\d+)$/);
games.use((socket, next) => {
  socket.data.game = Number(socket.nsp.name.slice(6));
  next(socket.data.game > 100 ? new AuthError("no such game", { game: socket.data.game }) : undefined);
});
games.on("connection", (socket) => {
  socket.emit("game", socket.data.game, socket.nsp.sockets.size);
  socket.on("shout", (text) => socket.nsp.emit("shout", text));
});

io.of((name, auth, next) => next(null, /^\/club-/.test(name) && auth.member === true)).on("connection", (socket) => {
  socket.emit("club", socket.nsp.name);
  socket.on("everybody", (done) => done([...socket.nsp.sockets.keys()].length));
});

// --- HTTP

async function route(req, res) {
  const url = new URL(req.url, "http://localhost");
  const room = url.searchParams.get("room");
  const answers = {
    "/announce": async () => io.to(room).emit("announcement", url.searchParams.get("text")),
    "/online": async () => (await io.in("lobby").fetchSockets()).map((one) => one.data.name).sort(),
    "/local": async () => [...io.sockets.sockets.values()].map((one) => one.data.name).sort(),
    "/ask": async () =>
      io
        .in(room)
        .timeout(400)
        .emitWithAck("vote", "http")
        .catch((err) => err.responses),
    "/ban": async () => {
      note("ban", url.searchParams.get("name"));
      return io.in(`user:${url.searchParams.get("name")}`).disconnectSockets();
    },
  }; // prettier-ignore
  const answer = answers[url.pathname];
  res.writeHead(answer ? 200 : 404, { "content-type": "application/json" });
  res.end(JSON.stringify(answer ? ((await answer()) ?? null) : null));
}

httpServer.listen(0, "127.0.0.1", () => process.send?.({ port: httpServer.address().port }));
process.once("SIGTERM", async () => {
  await io.close();
  process.exit(0);
});
