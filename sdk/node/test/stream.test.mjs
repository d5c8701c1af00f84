// How a stream ends that no hub has ended: by a proxy, a connection that breaks, an answer that is no gRPC.
import assert from "node:assert/strict";
import http2 from "node:http2";
import { test } from "node:test";
import { attach, FakeHub } from "./support/fake-hub.mjs";
import { until } from "./support/hub.mjs";

const { constants } = http2;
/** Longer than anything here takes, shorter than what would end it otherwise: 10 s for a welcome, three heartbeats of 5 s. */
const SOON = 5000;
const TRANSPORTS = ["http2", "grpc-js"];

/** Runs the core against a hub that serves its calls so, to the end of the test. */
async function start(t, options, ...serve) {
  const hub = await FakeHub.start(...serve);
  t.after(() => hub.stop());
  const told = attach(hub.address, options);
  t.after(() => told.core.abort());
  return { hub, told };
}

/** A stream that stands, and then ends in a way: the attachment is resumed. */
function resumes(name, end, transports = TRANSPORTS) {
  for (const transport of transports) {
    test(`${name} (${transport}): the attachment is resumed`, async (t) => {
      const { hub, told } = await start(t, { transport }, (call) => call.welcome());
      await until(() => told.attached.length === 1, "the first stream");
      await end(hub.calls[0], hub);
      await until(() => told.attached.length === 2, `the second stream after ${name}`, SOON);
      assert.deepEqual(told.attached, [false, true]);
      assert.equal(hub.calls[1].said[0].actions[0].kind.hello.resume.attachment.toString(), "A");
      assert.ok(["UNAVAILABLE", "UNKNOWN", "CANCELLED"].includes(told.detached[0].code), told.detached[0].code);
    });
  }
}

for (const code of [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
  "INADEQUATE_SECURITY",
  "HTTP_1_1_REQUIRED",
]) {
  resumes(`a reset with ${code}`, ({ stream }) => stream.close(constants[`NGHTTP2_${code}`]));
}
for (const code of ["PROTOCOL_ERROR", "INTERNAL_ERROR", "ENHANCE_YOUR_CALM", "HTTP_1_1_REQUIRED"]) {
  resumes(`a GOAWAY with ${code}`, ({ stream }) => stream.session.goaway(constants[`NGHTTP2_${code}`]));
}
resumes("a GOAWAY, and the end of the connection", ({ stream }, hub) => {
  stream.session.goaway(constants.NGHTTP2_NO_ERROR);
  hub.sockets[0].end();
});
resumes("a connection that is reset", ({ stream }) => stream.session.destroy());
resumes(
  "an end without trailers",
  ({ stream }) => {
    stream.end();
  },
  ["http2"],
); // grpc-js waits for a status: the heartbeats end it
resumes("trailers without a status", (call) => call.end({ "x-proxy": "1" }), ["http2"]);
resumes("trailers whose message is no text", (call) => call.end({ "grpc-status": "14", "grpc-message": "%ff%zz" }));
resumes("an UNAVAILABLE that speaks of HTTP/1.1", (call) => call.end({ "grpc-status": "14", "grpc-message": "HTTP/1.1 404" }));

for (const transport of TRANSPORTS) {
  test(`silence (${transport}): after three heartbeats the attachment is resumed`, async (t) => {
    const heartbeatInterval = { seconds: 0, nanos: 50e6 };
    const { told } = await start(t, { transport }, (call) => call.welcome({ heartbeatInterval }));
    await until(() => told.attached.length >= 2, "the second stream", SOON);
    assert.equal(told.attached[1], true);
    assert.equal(told.detached[0].reason, "SILENT");
  });

  test(`a GOAWAY without an error lets the stream go on (${transport})`, async (t) => {
    const { hub, told } = await start(t, { transport }, (call) => call.welcome());
    await until(() => told.attached.length === 1, "the stream");
    hub.calls[0].stream.session.goaway(constants.NGHTTP2_NO_ERROR);
    const says = (event) => {
      told.core.line.tell({ op: { $case: "emit", emit: { event } } });
      const heard = ({ actions }) => actions.some(({ kind }) => kind?.command?.op?.emit?.event === event);
      return until(() => hub.calls[0].said.some(heard), event, SOON);
    };
    await says("beside the GOAWAY");
    await says("behind it");
    assert.deepEqual(told.detached, []);
  });

  test(`a stream that ends with its welcome (${transport}) does not go unnoticed`, async (t) => {
    const ends = async (call) => {
      await call.welcome();
      call.end({ "grpc-status": "14" });
    };
    const { told } = await start(t, { transport }, ends, (call) => call.welcome());
    await until(() => told.attached.at(-1) === true, "the second stream", SOON);
    assert.equal(told.detached[0].code, "UNAVAILABLE");
  });

  for (const status of [408, 429, 500, 502, 503, 504]) {
    test(`a proxy that answers ${status} (${transport}): the kit comes back`, async (t) => {
      const answers = ({ stream }) => {
        stream.respond({ ":status": status, "content-type": "text/html" });
        stream.end("<html>no hub is there</html>");
      };
      const { told } = await start(t, { transport }, answers, (call) => call.welcome());
      await until(() => told.attached.length === 1, "the stream", SOON);
    });
  }

  test(`an answer that is no gRPC (${transport}) ends the run, and says what it was`, async (t) => {
    const { told } = await start(t, { transport }, ({ stream }) => {
      stream.respond({ ":status": 404, "content-type": "text/plain" });
      stream.end("not here");
    });
    await assert.rejects(told.running, { code: "CONFIG", message: /answers HTTP, not gRPC .*404/ });
  });

  test(`a refusal whose stream is not reset (${transport}) is heard at once`, async (t) => {
    const { told } = await start(t, { transport }, (call) =>
      call.end({ "grpc-status": "7", "grpc-message": "content-type 404 Not Found" }),
    );
    let error;
    told.running.catch((reason) => {
      error = reason;
    });
    await until(() => error, "the refusal", SOON);
    assert.equal(error.code, "PERMISSION_DENIED");
  });

  test(`a connection that is refused in the middle of the hello (${transport}) is tried again`, async (t) => {
    const { told } = await start(
      t,
      { transport },
      ({ stream }) => stream.session.destroy(),
      ({ stream }) => stream.session.goaway(constants.NGHTTP2_PROTOCOL_ERROR),
      ({ stream }) => stream.close(constants.NGHTTP2_REFUSED_STREAM),
      (call) => call.welcome(),
    );
    await until(() => told.attached.length === 1, "the stream", SOON);
  });

  for (const leave of ["close", "abort"]) {
    test(`${leave} does not wait for a welcome (${transport})`, async (t) => {
      const { hub, told } = await start(t, { transport }, () => {});
      await until(() => hub.calls[0]?.said.length > 0, "the hello");
      void told.core[leave]();
      let ended = false;
      void told.running.then(() => {
        ended = true;
      });
      await until(() => ended, "the end", SOON);
    });
  }
}

test("a token that does not come holds nobody back for ever", async (t) => {
  let asked = 0;
  const token = () => (asked++ === 0 ? new Promise(() => {}) : "late");
  const { hub, told } = await start(t, { token }, (call) => call.welcome());
  await until(() => told.attached.length === 1, "the stream");
  assert.equal(hub.calls[0].headers.authorization, "Bearer late");
  assert.match(String(told.warnings[0][1].err), /no token within/);
});
