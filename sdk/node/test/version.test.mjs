// The version counts the capabilities of the contract that the package knows.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const PROTO = new URL("../../../proto/hub/v1/", import.meta.url);
const NAMED = /[Cc]apabilit(?:y|ies)\b[^`.;]*`([a-z]+(?:\.[a-z]+)*)`/g;

test("package.json states every capability of the contract, and MINOR is how many there are", () => {
  const contract = new Set();
  for (const file of readdirSync(PROTO)) {
    const text = readFileSync(new URL(file, PROTO), "utf8").replace(/\s*\n\s*\/\/\s*/g, " ");
    for (const [, name] of text.matchAll(NAMED)) contract.add(name);
  }
  const { version, siohub } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  assert.deepEqual([...siohub.capabilities].sort(), [...contract].sort(), "state it, and raise MINOR");
  assert.equal(version.split(".")[1], String(contract.size));
});
