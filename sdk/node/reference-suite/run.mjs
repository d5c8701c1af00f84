// Runs socket.io's own server suite through the kit, or with --reference through socket.io itself.
//
//   node run.mjs SUITE [--reference] [--file NAME] [--grep TEXT] [--json FILE]
//
// SUITE is a checkout of socket.io's repository, or its packages/socket.io. Nothing of it is kept here: it is copied
// into a directory for the run. Each test file is a mocha of its own; the servers that it makes stand before hubs.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    reference: { type: "boolean" },
    file: { type: "string" },
    grep: { type: "string" },
    json: { type: "string" },
    verbose: { type: "boolean" },
  },
});
const suite = find(positionals[0] ?? process.env.SUITE ?? "");
const FILES = [
  "server-attachment",
  "handshake",
  "close",
  "namespaces",
  "socket",
  "messaging-many",
  "middleware",
  "socket-middleware",
  "v2-compatibility",
  "socket-timeout",
  "uws",
  "utility-methods",
  "connection-state-recovery",
];

function find(given) {
  const root = [given, join(given, "packages/socket.io")].find((dir) => existsSync(join(dir, "test/support/util.ts")));
  if (root === undefined) throw new Error(`SUITE: ${given || "not given"} has no test/support/util.ts`);
  return resolve(root);
}

function prepare() {
  const dir = mkdtempSync(join(tmpdir(), "siohub-suite-"));
  cpSync(join(suite, "test"), join(dir, "test"), { recursive: true });
  const version = JSON.parse(readFileSync(join(here, "node_modules/socket.io/package.json"), "utf8")).version;
  writeFileSync(join(dir, "package.json"), JSON.stringify({ name: "socket.io", version, main: "./index.js" }));
  symlinkSync(join(here, "node_modules"), join(dir, "node_modules"));
  const target = options.reference ? "socket.io" : join(here, "server.cjs");
  writeFileSync(join(dir, "index.js"), `module.exports = require(${JSON.stringify(target)});\n`);
  const fixtures = join(dir, "test/fixtures");
  mkdirSync(fixtures, { recursive: true });
  // Copies of the repository without its large files lack these two.
  const big = Array.from({ length: 3000 }, (_, i) => ({ id: i, name: `item ${i}`, text: "x".repeat(100) }));
  if (!existsSync(join(fixtures, "big.json"))) writeFileSync(join(fixtures, "big.json"), JSON.stringify(big));
  if (!existsSync(join(fixtures, "big.jpg"))) writeFileSync(join(fixtures, "big.jpg"), Buffer.alloc(700_000, "jpeg"));
  return dir;
}

function run(dir, file) {
  const report = join(dir, `${file}.json`);
  const args = [
    join(here, "node_modules/mocha/bin/mocha.js"),
    "--import=tsx",
    "--exit",
    "--timeout",
    "10000",
    "--retries",
    process.env.RETRIES ?? "2",
    "--reporter",
    "json",
    "--reporter-option",
    `output=${report}`,
    ...(options.grep ? ["--grep", options.grep] : []),
    ...(options.reference ? [] : ["--require", join(here, "hooks.cjs")]),
    `test/${file}.ts`,
  ];
  const done = spawnSync(process.execPath, args, {
    cwd: dir,
    encoding: "utf8",
    timeout: 600_000,
    env: { ...process.env, NODE_OPTIONS: "--import=tsx --no-deprecation" },
  });
  if (options.verbose) process.stderr.write(done.stderr + done.stdout);
  if (!existsSync(report)) return { file, crashed: done.stderr.slice(-2000) || String(done.error), tests: [] };
  const { tests } = JSON.parse(readFileSync(report, "utf8"));
  // Suites that a platform leaves out have no test; what ended before its first one has none either, and fails.
  if (tests.length === 0 && done.status !== 0) return { file, crashed: done.stderr.slice(-2000) || String(done.error), tests };
  return { file, tests: tests.map(({ fullTitle, err }) => ({ title: fullTitle, error: err?.message ?? "" })) };
}

const dir = prepare();
let green = 0;
let all = 0;
const results = [];
for (const file of options.file ? [options.file] : FILES) {
  const result = run(dir, file);
  results.push(result);
  const passed = result.tests.filter((test) => test.error === "");
  green += passed.length;
  all += result.tests.length;
  console.log(`${file}: ${passed.length} of ${result.tests.length}${result.crashed ? `  (crashed: ${result.crashed})` : ""}`);
  for (const test of result.tests) if (test.error !== "") console.log(`  - ${test.title}\n      ${test.error.split("\n")[0]}`);
}
console.log(`\n${green} of ${all} green`);
if (options.json) writeFileSync(options.json, JSON.stringify(results, undefined, 1));
rmSync(dir, { recursive: true, force: true });
const least = Number(process.env.LEAST ?? (options.file || options.grep || options.reference ? 0 : 145));
process.exit(green >= least ? 0 : 1);
