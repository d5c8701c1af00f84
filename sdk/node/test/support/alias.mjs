// node --import alias.mjs APP: whoever imports or requires socket.io gets the kit.
import Module, { register } from "node:module";
import { fileURLToPath } from "node:url";

const dist = new URL("../../dist/", import.meta.url);
const imported = new URL("index.mjs", dist).href;
const required = fileURLToPath(new URL("index.js", dist));

register(
  `data:text/javascript,${encodeURIComponent(`
    export const resolve = (name, context, next) => next(name === "socket.io" ? ${JSON.stringify(imported)} : name, context);
  `)}`,
);
const resolve = Module._resolveFilename;
Module._resolveFilename = function (name, ...rest) {
  return name === "socket.io" ? required : resolve.call(this, name, ...rest);
};
