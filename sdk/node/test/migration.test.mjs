// The tables of names in docs/migrate-from-socket.io.md are those of the installed socket.io's typings, and what they
// promise is in the kit's.
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const PAGE = readFileSync(at("../../../docs/migrate-from-socket.io.md"), "utf8");
const REFERENCE = at("../node_modules/socket.io/dist/index.d.ts");
const KIT = at("../dist/index.d.ts");
const THERE = ["as it was", "differs", "ignored"];

const program = ts.createProgram([REFERENCE, KIT], {
  module: ts.ModuleKind.Node16,
  moduleResolution: ts.ModuleResolutionKind.Node16,
  target: ts.ScriptTarget.ES2022,
  strict: true,
  noLib: true, // names are all that is asked for
  types: ["node"],
  typeRoots: [at("../node_modules/@types")],
});
const checker = program.getTypeChecker();
const emitter = new Set(Object.getOwnPropertyNames(EventEmitter.prototype));
// What io.engine, conn and their like are in the typings stands behind them.
const through = { Handshake: ["Socket", "handshake"], Connection: ["Socket", "conn"], Client: ["Socket", "client"] };
Object.assign(through, { Engine: ["Server", "engine"], Adapter: ["Namespace", "adapter"] });

function exported(file) {
  const module = checker.getSymbolAtLocation(program.getSourceFile(file));
  const target = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
  return new Map(checker.getExportsOfModule(module).map((symbol) => [symbol.name, target(symbol)]));
}

function type(file, name) {
  const [owner, property] = through[name] ?? [name];
  const declared = checker.getDeclaredTypeOfSymbol(exported(file).get(owner));
  return property ? checker.getTypeOfSymbol(declared.getProperty(property)) : declared;
}

/** The public names of a class or an interface, but those of every EventEmitter. */
function names(file, name) {
  if (name === "Module") return [...exported(file).keys()];
  if (name === "Events") return events(file);
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  const open = ({ declarations: [first] = [] }) => !first || !(ts.getCombinedModifierFlags(first) & hidden);
  const found = type(file, name)
    .getProperties()
    .filter(open)
    .map((property) => property.name);
  return found.filter((found) => !/^[_#]/.test(found) && !emitter.has(found));
}

function events(file) {
  const folder = file.replace(/index\.d\.ts$/, "");
  const found = new Set();
  for (const source of program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(folder))) {
    ts.forEachChild(source, (node) => {
      if (!ts.isInterfaceDeclaration(node) || !/^(Server|Namespace|Socket)ReservedEventsMap$/.test(node.name.text)) return;
      for (const member of node.members) found.add(member.name.text);
    });
  }
  return [...found];
}

/** The status of each name, by the headings below "Every name". */
function tables() {
  const parts = PAGE.split("\n## Every name\n")[1].split("\n### ").slice(1);
  return parts.map((part) => {
    const rows = [...part.matchAll(/^\| (`.*?) \| ([a-z ]+) \|/gm)];
    const entries = rows.flatMap(([, first, status]) => [...first.matchAll(/`(\w+)`/g)].map(([, name]) => [name, status]));
    return { heading: part.slice(0, part.indexOf("\n")), entries };
  });
}

describe("the page for who comes from socket.io", () => {
  for (const { heading, entries } of tables()) {
    it(`has every name: ${heading}`, () => {
      const listed = entries.map(([name]) => name).sort();
      assert.deepEqual(listed, names(REFERENCE, heading).sort());
    });
    it(`promises what is there: ${heading}`, () => {
      const kit = new Set(names(KIT, heading));
      for (const [name, status] of entries) {
        assert.ok(status === "never" || THERE.includes(status), `${name}: ${status}`);
        assert.equal(kit.has(name), status !== "never", `${name}: ${status}`);
      }
    });
  }
});
