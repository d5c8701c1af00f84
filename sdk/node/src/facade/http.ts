import { createServer, type Server as HTTPServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Http2SecureServer, Http2Server } from "node:http2";
import type { Server as HTTPSServer } from "node:https";
import type { Duplex } from "node:stream";
import type { Logger } from "../core/log.js";

/** A server of the program's own, beside which browsers reach the hub. */
export type TServerInstance = HTTPServer | HTTPSServer | Http2SecureServer | Http2Server;

const BODY = JSON.stringify({ code: 3, message: "Bad request: Socket.IO is served by the hub, not by this process" });

/** A server for `listen(port)`: it answers 404. A port that the hub has is left to it. */
export function listenOn(port: number, log: Logger): HTTPServer {
  const server = createServer((_req, res) => res.writeHead(404).end());
  server.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EADDRINUSE") throw error;
    log.warn("the port is taken, perhaps by the hub: this process serves no HTTP", { port });
  });
  return server.listen(port);
}

/** Tells browsers that come to the program's own server that they are wrong here: the program's handlers never see them. */
export function answerBrowsers(server: TServerInstance, path: () => string, log: Logger): void {
  let said = false;
  const mine = (req: IncomingMessage): boolean => {
    const url = req.url ?? "";
    const here = url === path() || url.startsWith(`${path()}/`) || url.startsWith(`${path()}?`);
    if (here && !said) {
      said = true;
      log.warn("a browser asks this process for Socket.IO: the hub serves it, so route the path to the hub", { path: path() });
    }
    return here;
  };
  const emitter = server as HTTPServer;
  const others = emitter.listeners("request").slice();
  emitter.removeAllListeners("request");
  emitter.on("request", (req: IncomingMessage, res: ServerResponse) => {
    if (mine(req)) res.writeHead(400, { "content-type": "application/json" }).end(BODY);
    else for (const other of others) Reflect.apply(other, emitter, [req, res]);
  });
  emitter.on("upgrade", (req: IncomingMessage, socket: Duplex) => {
    if (mine(req)) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
  });
}
