// The hand-written parts of the wire: the same bytes as the generated code, and what is cut off is an error.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";

const require = createRequire(import.meta.url);
const { BinaryReader, BinaryWriter } = require("../dist/pb/wire.js");
const { AttachRequest, AttachResponse, Item: HubItem } = require("../dist/pb/index.js");
const { Delivery } = require("../dist/core/delivery.js");
const { decodeEnvelope, EventMessage } = require("../dist/core/envelope.js");
const { Item } = require("../dist/core/item.js");
const { Outbox } = require("../dist/core/outbox.js");
const { Peer } = require("../dist/core/peer.js");
const { decodeArgs, encodeArgs } = require("../dist/values.js");

/** What a delivery sends when it is settled. */
function settled(settle) {
  const sent = [];
  const attachment = { fits() {}, push: (item) => sent.push(item), handled() {} };
  settle(new Delivery(attachment, { deliverySeq: 2 ** 40 + 5, socket: undefined }));
  assert.equal(sent.length, 1);
  const writer = new BinaryWriter(1);
  sent[0].write(writer);
  const bytes = writer.finish();
  assert.ok(sent[0].bytes + 5 >= bytes.length, "what is said to fit does");
  return AttachRequest.decode(bytes).actions[0].kind.settlement;
}

test("settlements written by hand are what the generated code reads", () => {
  const seq = 2 ** 40 + 5;
  const payload = { args: Buffer.from(`["${"ü".repeat(300)}"]`), attachments: [Buffer.from([1, 2]), Buffer.alloc(70_000)] };
  assert.deepEqual(
    settled((d) => d.done()),
    { deliverySeq: seq, outcome: { $case: "done", done: { ackLater: false } }, commands: [] },
  );
  assert.deepEqual(settled((d) => d.done(true)).outcome.done, { ackLater: true });
  assert.deepEqual(settled((d) => d.reply(payload)).outcome.reply.payload, payload);
  for (const text of ["[1]", `["${"ü".repeat(300)}"]`, `["${"€".repeat(5000)}"]`]) {
    assert.deepEqual(settled((d) => d.replyJSON(text)).outcome.reply.payload, { args: Buffer.from(text), attachments: [] });
  }
});

const event = (more = {}) => ({
  deliverySeq: 2 ** 40 + 5,
  dedupeId: Buffer.alloc(16, 7),
  attempt: 2,
  socket: { id: "ann", namespace: "/chat", user: "ü", hubId: "h", transport: "websocket", clientId: "c", dataVersion: 3 },
  subscriptionId: 4,
  traceparent: "00-1",
  tracestate: "a=b",
  body: {
    $case: "event",
    event: {
      name: "say",
      payload: { args: Buffer.from('["ü",{"_placeholder":true,"num":0}]'), attachments: [Buffer.from([1, 2])] },
      wantsAck: true,
      receiveTime: { seconds: 5, nanos: 6 },
    },
  },
  ...more,
});
const envelope = (...deliveries) =>
  AttachResponse.encode({
    envelopeSeq: 9,
    ackEnvelopeSeq: 8,
    items: [
      ...deliveries.map((delivery) => HubItem.fromPartial({ kind: { $case: "delivery", delivery } })),
      HubItem.fromPartial({ kind: { $case: "heartbeat", heartbeat: {} } }),
    ],
  }).finish();

test("events read by hand are what the generated code reads", () => {
  for (const delivery of [event(), event({ dedupeId: Buffer.alloc(16), traceparent: "", socket: undefined })]) {
    const bytes = envelope(delivery);
    const [byHand, generated] = [decodeEnvelope(bytes), AttachResponse.decode(bytes)];
    assert.deepEqual([byHand.envelopeSeq, byHand.ackEnvelopeSeq, byHand.items.length], [9, 8, 2]);
    assert.deepEqual(byHand.items[1], generated.items[1]);
    const [mine, other] = [byHand, generated].map(({ items }) => items[0].kind.delivery);
    assert.ok(mine instanceof EventMessage);
    new Peer("h").whose(mine);
    for (const name of ["deliverySeq", "dedupeId", "attempt", "settleTimeout", "subscriptionId", "traceparent", "tracestate"]) {
      assert.deepEqual(mine[name], other[name], name);
    }
    if (delivery.socket) assert.deepEqual(mine.socket, other.socket);
    const [said, heard] = [mine, other].map(({ body }) => body.event);
    assert.deepEqual([said.name, said.wantsAck, said.receiveTime], [heard.name, heard.wantsAck, heard.receiveTime]);
    assert.deepEqual([said.payload.args, said.payload.attachments], [heard.payload.args, heard.payload.attachments]);
    assert.deepEqual(decodeArgs(said.payload), decodeArgs(heard.payload));
  }
});

test("what is no plain event is read by the generated code, and what is cut off is no envelope", () => {
  const timed = decodeEnvelope(envelope(event({ settleTimeout: { seconds: 1, nanos: 0 } })));
  assert.equal(timed.items[0].kind.delivery.settleTimeout.seconds, 1);
  assert.equal(timed.items[0].kind.delivery.body.event.name, "say");
  const gone = decodeEnvelope(envelope(event({ body: { $case: "disconnected", disconnected: { reason: "x" } } })));
  assert.equal(gone.items[0].kind.delivery.body.disconnected.reason, "x");
  const bytes = envelope(event());
  for (let n = 1; n < bytes.length; n++) {
    const read = decodeEnvelope(bytes.subarray(0, n));
    assert.ok(read === undefined || read.items.length < 2, `${n} bytes`);
  }
  for (let n = 0; n < bytes.length; n++) {
    const other = Buffer.from(bytes);
    other[n] ^= 0xff;
    decodeEnvelope(other); // must not throw
  }
});

test("a socket that comes again as it was is read once; a change is seen", () => {
  const peer = new Peer("h");
  const meet = (delivery) => {
    const message = decodeEnvelope(envelope(delivery)).items[0].kind.delivery;
    return [peer.whose(message), message];
  };
  const { socket } = event();
  const connected = event({ body: { $case: "connected", connected: {} } });
  peer.introduce(decodeEnvelope(envelope(connected)).items[0].kind.delivery);
  const [member, first] = meet(event());
  assert.equal(member.id, "ann");
  const [, second] = meet(event());
  assert.equal(second.socket, first.socket);
  const [, third] = meet(event({ socket: { ...socket, data: Buffer.from("{}"), dataVersion: 4 } }));
  assert.deepEqual([member.dataVersion, member.data.toString(), third.socket.dataVersion], [4, "{}", 4]);
  const [, fourth] = meet(event({ socket: { ...socket, transport: "polling" } }));
  assert.equal(fourth.socket.transport, "polling");
  assert.equal(meet(event({ socket: { ...socket, id: "bob" } }))[0], undefined);
});

test("numbers and texts of all lengths come back", () => {
  const writer = new BinaryWriter(1);
  for (const n of [0, 127, 128, 16_384, 2 ** 31, 2 ** 32, 2 ** 53 - 1]) {
    assert.equal(new BinaryReader(writer.uint64(n).finish()).uint64(), n);
  }
  for (const n of [1, 40, 42, 43, 127, 128, 40_000]) {
    const text = "ä€😀".repeat(n).slice(0, n);
    const read = new BinaryReader(writer.string(text).finish()).string();
    assert.equal(read, text.toWellFormed?.() ?? Buffer.from(text).toString());
  }
  assert.equal(new BinaryReader(writer.int32(-2).finish()).int64(), -2);
});

test("bytes that are no message throw", () => {
  for (const bytes of [
    [0x1a, 5, 1],
    [0x1a, 2, 0xff, 0xff],
    [8, 0x80],
    [0x1a, 0xff, 0xff, 0xff, 0xff, 0x7f],
    Array(20).fill(0xff),
  ]) {
    assert.throws(() => AttachResponse.decode(Buffer.from(bytes)), RangeError, String(bytes));
  }
});

test("binaries travel beside the arguments", () => {
  const args = [{ a: [Buffer.from([1]), "x"], b: new Uint8Array([2, 3]) }, null, "\ud800"];
  const payload = encodeArgs(args);
  assert.equal(payload.attachments.length, 2);
  assert.deepEqual(decodeArgs(payload), [{ a: [Buffer.from([1]), "x"], b: Buffer.from([2, 3]) }, null, "\ud800"]);
  assert.deepEqual(decodeArgs(encodeArgs([{ _placeholder: true, num: 0 }])), [{ _placeholder: true, num: 0 }]);
  const cycle = {};
  cycle.self = cycle;
  assert.throws(() => encodeArgs([cycle]));
});

test("an outbox says again what has no receipt, in order, and gives away only what has not left", () => {
  const out = new Outbox();
  const item = (n, free = true) => new Item(Buffer.from([n]), n, free);
  out.number();
  for (const n of [1, 2]) out.push(item(n));
  assert.deepEqual([out.take().seq, out.take()], [2, undefined]);
  out.push(item(3));
  assert.equal(out.take().seq, 3);
  out.push(item(4));
  assert.deepEqual(
    out.takeBack().map(({ id }) => id),
    [4],
  );
  assert.ok(out.rewind(2));
  assert.deepEqual(out.takeBack(), [], "what may have arrived stays");
  const again = out.take();
  assert.deepEqual([again.seq, again.items.map(({ id }) => id)], [3, [3]]);
  out.receipt(3);
  assert.ok(out.rewind(3));
  assert.equal(out.length, 0);
  assert.equal(out.rewind(9), false);
});
