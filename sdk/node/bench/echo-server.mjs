// One echo server: of socket.io, or of the kit. Tells its parent when it serves, and its CPU time when asked.
import { createServer } from "node:http";

const { Server } = await import(process.argv[2]);
const httpServer = createServer();
const io = new Server(httpServer, { transports: ["websocket"], hub: { transport: process.env.TRANSPORT } });
io.on("connection", (socket) => {
  socket.on("echo", (text, number, done) => done(text, number));
});
httpServer.listen(0, "127.0.0.1", () => process.send({ port: httpServer.address().port }));
process.on("message", () => process.send({ cpu: process.cpuUsage() }));
