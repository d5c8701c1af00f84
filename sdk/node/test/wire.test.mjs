// The hand-written parts of the wire: the same bytes as the generated code, and what is cut off is an error.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";

const require = createRequire(import.meta.url);
const { BinaryReader, BinaryWriter } = require("../dist/pb/wire.js");
const { Action, AttachResponse } = require("../dist/pb/index.js");
const { Delivery } = require("../dist/core/delivery.js");
const { Outbox } = require("../dist/core/outbox.js");
const { decodeArgs, encodeArgs } = require("../dist/values.js");

/** What a delivery sends when it is settled. */
function settled(settle) {
  const sent = [];
  const attachment = { fits() {}, push: (item) => sent.push(item.data), handled() {} };
  settle(new Delivery(attachment, { deliverySeq: 2 ** 40 + 5, socket: undefined }));
  assert.equal(sent.length, 1);
  return Action.decode(sent[0]).kind.settlement;
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
  assert.deepEqual(settled((d) => d.replyJSON("[1]")).outcome.reply.payload, { args: Buffer.from("[1]"), attachments: [] });
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
  const item = (n, free = true) => ({ data: Buffer.from([n]), id: n, free });
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
