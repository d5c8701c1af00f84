// The same handlers as bench/service, in the reference server's own process.
//
//     node server.mjs PORT
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http);

for (const nsp of [io.of("/"), io.of(/^\/bench\/\d+$/)]) {
  nsp.use((socket, next) => next()); // a decision, though it is always the same
  nsp.on("connection", (socket) => {
    socket.on("echo", (data, ack) => ack(data));
    socket.on("broadcast", (data) => socket.nsp.emit("broadcast", data));
    socket.on("join", (room, ack) => {
      socket.join(room);
      ack();
    });
    socket.on("room", (room, data) => socket.nsp.to(room).emit("room", data));
  });
}

http.listen(Number(process.argv[2] ?? 3000), "127.0.0.1", () => {
  console.error(`ready browsers=http://127.0.0.1:${http.address().port}/socket.io/`);
});
