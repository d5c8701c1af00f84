// A hub that does what a test says: for what a real one, or a proxy before it, cannot be made to do at will.
import { once } from "node:events";
import http2 from "node:http2";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { AttachRequest, AttachResponse, Item, Welcome } = require("../../dist/pb/index.js");
const { Core } = require("../../dist/core/core.js");
const { settle } = require("../../dist/core/settings.js");

/** The calls of a service, each one served by the next of the functions that are given, and the rest by the last one. */
export class FakeHub {
  calls = [];
  /** Its TCP connections. */
  sockets = [];
  #sessions = new Set();
  #envelopes = 0;

  static async start(...serve) {
    const hub = new FakeHub();
    hub.server = http2.createServer();
    hub.server.on("connection", (socket) => hub.sockets.push(socket));
    hub.server.on("session", (session) => {
      hub.#sessions.add(session);
      session.on("error", () => {});
    });
    hub.server.on("stream", (stream, headers) => {
      const call = new FakeCall(stream, headers, () => ++hub.#envelopes);
      hub.calls.push(call);
      void serve[Math.min(hub.calls.length, serve.length) - 1](call);
    });
    hub.server.listen(0, "127.0.0.1");
    await once(hub.server, "listening");
    hub.address = `127.0.0.1:${hub.server.address().port}`;
    return hub;
  }

  async stop() {
    for (const session of this.#sessions) session.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

class FakeCall {
  /** Envelopes of the service. */
  said = [];

  constructor(stream, headers, next) {
    this.stream = stream;
    this.headers = headers;
    this.next = next;
    let rest = Buffer.alloc(0);
    stream.on("error", () => {});
    stream.on("data", (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
        const end = 5 + rest.readUInt32BE(1);
        this.said.push(AttachRequest.decode(rest.subarray(5, end)));
        rest = rest.subarray(end);
        stream.emit("envelope");
      }
    });
  }

  /** Waits for the hello. */
  async hello() {
    if (this.said.length === 0) await once(this.stream, "envelope");
    return this.said[0].actions[0].kind.hello;
  }

  begin() {
    this.stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    this.stream.on("wantTrailers", () => this.stream.sendTrailers(this.trailers ?? {}));
  }

  /** Says hello back; `more` are other fields of the welcome. */
  async welcome(more = {}) {
    const { resume } = await this.hello();
    if (!this.stream.headersSent) this.begin();
    const fields = { hubId: "h-1", attachment: Buffer.from("A"), commandWindow: 2, resumed: resume !== undefined, ...more };
    const ackEnvelopeSeq = 1;
    this.send([{ kind: { $case: "welcome", welcome: Welcome.fromPartial({ ackEnvelopeSeq, ...fields }) } }]);
  }

  send(items) {
    const envelope = AttachResponse.encode({
      envelopeSeq: this.next(),
      ackEnvelopeSeq: 0,
      items: items.map((item) => Item.fromPartial(item)),
    });
    const bytes = envelope.finish();
    const head = Buffer.alloc(5);
    head.writeUInt32BE(bytes.length, 1);
    this.stream.write(Buffer.concat([head, bytes]));
  }

  /** Ends this side, as gRPC does: with trailers. */
  end(trailers) {
    this.trailers = trailers;
    if (!this.stream.headersSent) this.begin();
    this.stream.end();
  }
}

export const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** One run of the core against an address, and what it tells. `environment` has its variables. */
export function attach(address, options = {}, environment = {}) {
  const told = { attached: [], detached: [], warnings: [] };
  const warn = (...words) => told.warnings.push(words);
  const settings = settle(
    { address, backoff: { min: 1, max: 20 }, logger: { ...quiet, warn, error: warn }, ...options },
    environment,
  );
  const program = {
    subscriptions: [],
    deliver() {},
    gone() {},
    released() {},
    rooms() {},
    upgraded() {},
    attached: (_hub, resumed) => told.attached.push(resumed),
    detached: (_hub, error) => told.detached.push(error),
  };
  const core = new Core(settings, program);
  told.core = core;
  told.running = core.run();
  told.running.catch(() => {});
  return told;
}
