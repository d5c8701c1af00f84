// The Node kit's process of TestKits: what an application does, in a ledger. node instance.mjs HUB LEDGER
import { openSync, writeSync } from "node:fs";
import { Server } from "../../../sdk/node/dist/index.mjs";

const [, , address, path] = process.argv;
const ledger = openSync(path, "a");
const run = `${process.pid}.${Date.now().toString(36)}`;
const write = (socket, kind, n = 0, more = {}) =>
  writeSync(ledger, `${JSON.stringify({ run, socket, kind, n, dedupe_id: `${kind} ${socket} ${n}`, attempt: 0, ...more })}\n`);

const io = new Server({ hub: { address } });
io.of("/chaos").on("connection", (socket) => {
  if (!socket.recovered) write(socket.id, "connected");
  socket.on("note", (n) => write(socket.id, "event", n));
  socket.on("work", (n, done) => {
    write(socket.id, "event", n);
    // A kill finds events that are handled and not settled.
    if (n % 16 === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, (n % 7) * 4);
    socket.emit("seen", n);
    done(n);
  });
  socket.on("disconnect", (reason) => write(socket.id, "disconnected", 0, { reason }));
});
io.listen();
