import type { Namespace } from "./namespace.js";
import type { Server } from "./server.js";
import type { Socket } from "./socket.js";

// Of whatever typing a program has given them.

// biome-ignore lint/suspicious/noExplicitAny: of any typing
export type AnyServer = Server<any, any, any, any>;
// biome-ignore lint/suspicious/noExplicitAny: of any typing
export type AnyNamespace = Namespace<any, any, any, any>;
// biome-ignore lint/suspicious/noExplicitAny: of any typing
export type AnySocket = Socket<any, any, any, any>;
// biome-ignore lint/suspicious/noExplicitAny: arguments of any type
export type AnyListener = (...args: any[]) => void;
