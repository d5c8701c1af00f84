// node --import alias.mjs APP: whoever imports socket.io gets the kit.
import { register } from "node:module";

register(
  `data:text/javascript,${encodeURIComponent(`
    export const resolve = (name, context, next) => next(name === "socket.io" ? "@siohub/server" : name, context);
  `)}`,
);
