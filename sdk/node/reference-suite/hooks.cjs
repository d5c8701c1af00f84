// Ahead of the tests: hubs that wait, so that servers need not. Many tests allow 200 ms for everything.
const { lease } = require("./hubs.cjs");

exports.mochaHooks = {
  async beforeAll() {
    this.timeout(60_000);
    const hubs = [{}, {}, { transports: ["polling"] }, { transports: ["websocket"] }].map((options) => lease(options));
    for (const hub of hubs) hub.start({ path: "/socket.io" });
    await Promise.all(hubs.map((hub) => hub.ready));
    for (const hub of hubs) hub.release();
  },
};
