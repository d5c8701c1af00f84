// Passes a server's Socket.IO requests on to a hub.
const http = require("node:http");
const net = require("node:net");

exports.proxy = (server, hub, path) => {
  const sockets = new Set();
  const track = (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
  };
  const mine = (req) => req.url.startsWith(path());
  const others = server.listeners("request").slice();
  server.removeAllListeners("request");
  server.on("connection", track);
  server.on("request", (req, res) => {
    if (!mine(req)) {
      for (const other of others) other.call(server, req, res);
      return;
    }
    hub.ready.then(() => {
      const out = http.request({
        port: hub.port,
        host: "127.0.0.1",
        method: req.method,
        path: req.url,
        headers: req.headers,
        agent: false,
      });
      out.on("response", (from) => {
        res.writeHead(
          from.statusCode,
          from.rawHeaders.filter((_, i, all) => !/^(connection|keep-alive|transfer-encoding)$/i.test(all[i - (i % 2)])),
        );
        from.pipe(res);
      });
      out.on("error", () => res.destroy());
      res.on("close", () => out.destroy());
      req.pipe(out);
    });
  });
  server.on("upgrade", (req, socket, head) => {
    if (!mine(req)) return;
    track(socket);
    hub.ready.then(() => {
      const out = net.connect(hub.port, "127.0.0.1");
      track(out);
      out.on("connect", () => {
        const lines = [`${req.method} ${req.url} HTTP/1.1`];
        for (let i = 0; i < req.rawHeaders.length; i += 2) lines.push(`${req.rawHeaders[i]}: ${req.rawHeaders[i + 1]}`);
        out.write(`${lines.join("\r\n")}\r\n\r\n`);
        out.write(head);
        socket.pipe(out).pipe(socket);
      });
      out.on("close", () => socket.destroy());
      socket.on("close", () => out.destroy());
    });
  });
  return {
    destroy: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
};
