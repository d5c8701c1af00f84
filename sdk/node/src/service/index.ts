/**
 * The kit's own API for services behind a hub. What it is not: Socket.IO's surface, which is `@siohub/server`.
 */
export * from "../core/errors.js";
export type { Logger } from "../core/log.js";
export type { HubOptions, TLSOptions } from "../core/settings.js";
export { handlerSignal } from "./context.js";
export * from "./deliveries.js";
export * from "./errors.js";
export { type HandlerOptions, Namespace, type NamespaceOptions } from "./namespace.js";
export { type Answers, Service, type ServiceOptions } from "./service.js";
export { type Handshake, Socket } from "./socket.js";
export { type Acks, type EmitOptions, type Outcome, type SocketInfo, Target } from "./target.js";
export { Payload } from "./values.js";
