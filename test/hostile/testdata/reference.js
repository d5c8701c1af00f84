// The reference server with the handlers of cmd/conformance, to prove
// that the suite asks for the right things: node reference.js HOST:PORT
// PING_INTERVAL PING_TIMEOUT CONNECT_TIMEOUT (milliseconds).
const http = require("http");
const { Server } = require("socket.io");

const [addr, pingInterval, pingTimeout, connectTimeout] = process.argv.slice(2);
const [host, port] = addr.split(":");
const server = http.createServer((req, res) => res.writeHead(404).end());
const io = new Server(server, {
  pingInterval: +pingInterval,
  pingTimeout: +pingTimeout,
  connectTimeout: +connectTimeout,
  maxHttpBufferSize: 1e6,
  cors: { origin: "*" },
});

io.on("connection", (socket) => {
  socket.emit("auth", socket.handshake.auth);
  socket.on("message", (...args) => socket.emit("message-back", ...args));
  socket.on("message-with-ack", (...args) => {
    const ack = args.pop();
    if (typeof ack === "function") ack(...args);
  });
});
io.of("/custom").on("connection", (socket) => socket.emit("auth", socket.handshake.auth));
// An echo of something very deep overflows the stack; that accident is known.
process.on("uncaughtException", (e) => console.error("uncaught", e.message));
server.listen(+port, host, () => console.error("ready", addr));
process.on("SIGTERM", () => process.exit(0));
