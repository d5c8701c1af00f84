// Writes the ESM side of each entry: modules that name what the CommonJS ones export, so that a program which uses both
// has one Socket and one set of connections.

import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
for (const entry of ["index", "service/index", "testing/index"]) {
  const names = Object.keys(require(`../dist/${entry}.js`)).filter((name) => name !== "__esModule");
  const file = `./${entry.split("/").at(-1)}.js`;
  const lines = [`import kit from "${file}";`, `export const { ${names.sort().join(", ")} } = kit;`, ""];
  writeFileSync(new URL(`../dist/${entry}.mjs`, import.meta.url), lines.join("\n"));
  writeFileSync(new URL(`../dist/${entry}.d.mts`, import.meta.url), `export * from "${file}";\n`);
}
