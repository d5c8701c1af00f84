// An application whose handlers do what handlers should not. Its first argument is the module that it imports.
import cluster from "node:cluster";

const { Server } = await import(process.argv[2]);
const tell = (message) => process.send?.(message);
if (process.env.SURVIVE) {
  process.on("uncaughtException", (error) => tell({ uncaught: error.message }));
  process.on("unhandledRejection", (error) => tell({ unhandled: error.message }));
}
const io = new Server({ hub: { heartbeat: Number(process.env.HEARTBEAT ?? 0) } });
io.on("connection", (socket) => {
  const { moved } = socket;
  socket.on("disconnect", (reason) => tell({ disconnect: reason }));
  socket.on("who", (done) => done(process.pid, moved));
  socket.on("throw", (id) => {
    tell({ tried: id });
    throw new Error(`thrown ${id}`);
  });
  socket.on("reject", async (id) => {
    tell({ tried: id });
    throw new Error(`rejected ${id}`);
  });
  socket.on("never", (id) => {
    tell({ tried: id });
    return new Promise(() => {});
  });
  socket.on("block", (ms, done) => {
    tell({ tried: "block" });
    const end = performance.now() + ms;
    while (performance.now() < end);
    done("blocked");
  });
  socket.on("save", (id, done) => {
    tell({ saved: id });
    done(id);
  });
  socket.on("term", async (id, done) => {
    process.kill(process.pid, "SIGTERM");
    await new Promise((resolve) => process.once("message", resolve)); // the test says when
    tell({ saved: id });
    done(id);
  });
});
io.of("/refuse").use((_socket, next) => next(Object.assign(new Error("no"), { data: { n: 1n } })));

const forks = Number(process.env.FORKS ?? 0);
if (cluster.isPrimary && forks > 0) {
  process.env.FORKS = "0";
  io.listen();
  process.once("message", () => {
    // the channel is open by now
    for (let i = 0; i < forks; i++) cluster.fork().on("message", (message) => "port" in message && tell(message));
  });
} else {
  io.listen();
}
tell({ port: 0 });
