// Hubs that are older or newer than the kit: what one of the two lacks is named.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { ConfigError, MissingCapabilityError, Server, StatusError } from "@siohub/server";
import { Service } from "@siohub/server/service";
import { read } from "../tools/contract.mjs";
import { attach, FakeHub, quiet } from "./support/fake-hub.mjs";
import { Hub, until } from "./support/hub.mjs";

const require = createRequire(import.meta.url);
const contract = require("../dist/pb/hub/v1/contract.js");
const { unknownField } = require("../dist/core/capability.js");

const UNIMPLEMENTED = 12;

test("comments of the contract are read", () => {
  const field = (name, number, typeName) => ({ name, number, typeName });
  const location = (path, leadingComments) => ({ path, leadingComments });
  const { capabilities, neededBy, fields } = read({
    file: [
      {
        package: "hub.v1",
        messageType: [
          { name: "Emit", field: [field("local", 7), field("ack", 6, ".hub.v1.Ack")] },
          { name: "Ack" },
          { name: "EmitRequest", field: [field("emit", 1, ".hub.v1.Emit")] },
          { name: "Result", field: [field("status", 2, ".google.rpc.Status")] },
        ],
        sourceCodeInfo: {
          location: [
            location([4, 0, 2, 0], " The first. Needs the\n capability `x.y`.\n"),
            location([4, 0], " There is the capability\n `a.b` as well.\n"),
            location([4, 0, 2, 1], " Some of it needs `recovery`.\n"),
          ],
        },
      },
    ],
  });
  assert.deepEqual(capabilities, ["a.b", "x.y"]);
  assert.deepEqual(neededBy, { "Emit.local": "x.y" });
  assert.deepEqual(fields, { EmitRequest: { 1: ["emit", "Emit"] }, Emit: { 6: ["ack", "Ack"], 7: ["local"] }, Ack: {} });
});

test("a field that the hub does not know is named, and the capability that it needs", (t) => {
  contract.NEEDED_BY["Emit.volatile"] = "x.y";
  t.after(() => delete contract.NEEDED_BY["Emit.volatile"]);
  const told = (field, root) => unknownField(new StatusError("UNIMPLEMENTED", "UNKNOWN_FIELD", "", field), root);
  const older = told("emit.4", "Command");
  assert.ok(older instanceof MissingCapabilityError);
  assert.deepEqual([older.code, older.capability, older.field], ["UNIMPLEMENTED", "x.y", "emit.volatile"]);
  assert.match(older.message, /lacks the capability `x\.y` \(emit\.volatile\)$/);
  const nested = told("commands[1].emit.4", "Settlement");
  assert.deepEqual([nested.capability, nested.field], ["x.y", "commands[1].emit.volatile"]);
  const nameless = told("emit.ack.999", "Command");
  assert.deepEqual([nameless.capability, nameless.field], ["", "emit.ack.999"]);
  assert.match(nameless.message, /older/);
  const other = new StatusError("NOT_FOUND", "UNKNOWN_GROUP", "", "1");
  assert.equal(unknownField(other, "Hello"), other);
});

test("a call that an older hub does not know rejects with what it lacks", async (t) => {
  const hub = await FakeHub.start(async (call) => {
    await call.welcome();
    await until(() => call.said.length > 1, "a command");
    const { commandId } = call.said[1].actions[0].kind.command;
    const status = { code: UNIMPLEMENTED, reason: "UNKNOWN_FIELD", field: "emit.7" };
    call.send([{ kind: { $case: "result", result: { commandId, status } } }]);
  });
  const service = new Service("chat", { address: hub.address, logger: quiet, signals: false, closeTimeout: 0 });
  t.after(() => hub.stop());
  t.after(() => service.close());
  const everybody = service.namespace("/").allowAnyone().all();
  service.run().catch(() => {});
  await service.attached();
  await assert.rejects(
    everybody.emitResult("e"),
    (error) => error instanceof MissingCapabilityError && error.field === "emit.local",
  );
});

test("a hub that lacks what a program needs is refused by name, and the run ends", async (t) => {
  const hub = await Hub.start(); // without recovery
  t.after(() => hub.stop());
  const run = attach(hub.address, { requiredCapabilities: ["recovery"] });
  await assert.rejects(run.running, (error) => {
    assert.ok(error instanceof MissingCapabilityError);
    assert.deepEqual([error.code, error.reason], ["FAILED_PRECONDITION", "UNKNOWN_CAPABILITY"]);
    assert.equal(error.capability, "recovery");
    return true;
  });
});

test("a newer hub is used as far as it is known, and said to be newer", async (t) => {
  const hub = await FakeHub.start((call) => call.welcome({ capabilities: ["recovery", "of.tomorrow"], hubVersion: "9" }));
  t.after(() => hub.stop());
  const said = [];
  const logger = { ...quiet, info: (message, fields) => said.push([message, fields]) };
  const run = attach(hub.address, { requiredCapabilities: ["recovery"], logger });
  await until(() => run.attached.length > 0, "the attachment");
  assert.ok(run.core.line.capable("of.tomorrow"));
  const newer = said.find(([, fields]) => fields.unused !== undefined);
  assert.match(newer[0], /newer/);
  assert.deepEqual(newer[1], { address: hub.address, version: "9", unused: "of.tomorrow" });
  await run.core.close();
});

test("what this version of the kit does not know cannot be required", () => {
  const required = { address: "127.0.0.1:1", requiredCapabilities: ["of.tomorrow"] };
  assert.throws(() => new Server({ hub: required }), ConfigError);
  assert.throws(() => new Service("chat", required), /of\.tomorrow/);
});
