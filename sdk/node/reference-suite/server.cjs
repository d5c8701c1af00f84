// What the suite imports in place of socket.io: the kit's Server before a hub of its own. The HTTP server that a test
// gives, or a port, becomes a proxy to the hub, so that the test's clients and its raw requests meet Socket.IO there.
const { createServer } = require("node:http");
const kit = require("@siohub/server");
const { lease } = require("./hubs.cjs");
const { proxy } = require("./proxy.cjs");

class Server extends kit.Server {
  #hub;
  #proxy;

  constructor(srv, opts = {}) {
    const given = srv !== null && (typeof srv === "number" || typeof srv?.listen === "function") ? srv : undefined;
    const options = given === undefined && srv !== null && typeof srv === "object" ? srv : opts;
    const hub = lease(options);
    super({
      ...options,
      hub: {
        address: hub.address,
        instanceId: `i-${Math.random()}`,
        signals: false,
        backoff: { min: 5, max: 50 },
        logger: quiet,
      },
    });
    this.#hub = hub;
    if (given !== undefined) this.attach(given);
    else if (typeof srv === "function") this.attach(srv);
  }

  attach(srv, opts) {
    if (typeof srv === "function") return super.attach(srv, opts); // throws
    if (opts?.path) this.path(opts.path);
    const port = typeof srv === "object" ? undefined : Number(srv);
    this.httpServer = port === undefined ? srv : createServer((_req, res) => res.writeHead(404).end()).listen(port);
    this.#hub.start({ path: this.path() });
    this.#proxy = proxy(this.httpServer, this.#hub, () => this.path());
    return this.bind();
  }

  listen(srv, opts) {
    return this.attach(srv, opts);
  }

  // The reference's close ends its browsers' connections; behind a hub they would stay.
  async close(fn) {
    this.engine.close();
    const closed = super.close(fn);
    this.#proxy?.destroy();
    await closed;
    this.#hub.release();
  }
}

const quiet = { debug() {}, info() {}, warn() {}, error: console.error };

module.exports = Object.assign((...args) => new Server(...args), kit, { Server });
