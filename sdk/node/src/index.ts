/**
 * Socket.IO servers behind a hub. An application moves by changing one import:
 *
 *     import { Server } from "@siohub/server";   // was: from "socket.io"
 */
export { ConfigError, HubError, MissingCapabilityError, StatusError } from "./core/errors.js";
export type { Logger } from "./core/log.js";
export type { HubOptions, TLSOptions } from "./core/settings.js";
export { Adapter, type BroadcastFlags, type BroadcastOptions } from "./facade/adapter.js";
export { BroadcastOperator, RemoteSocket } from "./facade/broadcast-operator.js";
export { Client } from "./facade/client.js";
export type { Connection } from "./facade/connection.js";
export { Namespace } from "./facade/namespace.js";
export type { ServerOptions } from "./facade/options.js";
export type { Handshake } from "./facade/request.js";
export type { DisconnectReason, ExtendedError, Room, SocketId } from "./facade/reserved.js";

import { Server } from "./facade/server.js";

export { type Event, Socket } from "./facade/socket.js";
export type { DefaultEventsMap, EventsMap } from "./facade/types.js";
export { Server };

// `require("@siohub/server")(httpServer)` makes a server too, as the reference allows.
const all = Object.assign((...args: ConstructorParameters<typeof Server>) => new Server(...args), exports as object);
module.exports = all;
