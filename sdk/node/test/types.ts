// Compiled, never run: what the typings have to accept and to refuse.
import { type DefaultEventsMap, Server, type Socket } from "../src/index.js";

interface ClientToServer {
  hello: (name: string) => void;
  add: (a: number, b: number, done: (sum: number) => void) => void;
}
interface ServerToClient {
  said: (text: string) => void;
  question: (n: number, done: (answer: string) => void) => void;
}
interface InterServer {
  config: (value: string, done: (pid: number) => void) => void;
  ping: () => void;
}
interface Data {
  user: string;
}

const io = new Server<ClientToServer, ServerToClient, InterServer, Data>();
io.on("connection", async (socket) => {
  const one: Socket<ClientToServer, ServerToClient, InterServer, Data> = socket;
  one.data.user = "ann";
  socket.on("hello", (name) => name.toUpperCase());
  socket.on("add", (a, b, done) => done(a + b));
  socket.emit("said", "hi");
  const answer: string = await socket.emitWithAck("question", 1);
  const timed: string = await socket.timeout(10).emitWithAck("question", 1);
  socket.emit("question", 1, (text: string) => text + answer + timed);
  socket.timeout(10).emit("question", 1, (err: Error, text: string) => err ?? text);
  socket.on("disconnect", (reason) => reason === "transport close");
  socket.on("disconnecting", () => socket.rooms.has("x"));
  socket.broadcast.emit("said", "x");
  socket.to("room").volatile.emit("said", "x");
  // @ts-expect-error an event that browsers do not know
  socket.emit("unknown");
  // @ts-expect-error a wrong argument
  socket.emit("said", 1);
  // @ts-expect-error an event that browsers do not send
  socket.on("unknown", () => {});
});
io.emit("said", "x");
io.to("a").to("b").except("c").emit("said", "x");
io.timeout(5).emit("question", 1, (err: Error, answers: string[]) => err ?? answers);
void io
  .timeout(5)
  .emitWithAck("question", 1)
  .then((answers: string[]) => answers);
io.serverSideEmit("ping");
io.on("ping", () => {});
void io.fetchSockets().then((sockets) => sockets.map(({ data }) => data.user.length));
// @ts-expect-error an event with an acknowledgement does not go to many without a time-out
io.emit("question", 1, () => {});

const any = new Server<DefaultEventsMap>();
any.on("connection", (socket) => {
  socket.on("whatever", (...args) => args.length);
  socket.emit("whatever", 1, "two", () => {});
});
