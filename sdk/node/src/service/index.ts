/**
 * The kit's own API for services behind a hub. What it is not: Socket.IO's surface, which is `@siohub/server`.
 */
export * from "../core/errors.js";
export type { HubStatus } from "../core/link-status.js";
export type { Logger } from "../core/log.js";
export type { HubOptions, TLSOptions } from "../core/settings.js";
export type { Acks, Answers, Outcome, SocketInfo } from "./answers.js";
export { handlerSignal, withTrace } from "./context.js";
export { type Accepted, AuthExpiring, ConnectAttempt } from "./decisions.js";
export { Emitter, type EmitterOptions } from "./emitter.js";
export * from "./errors.js";
export { Call, Event } from "./events.js";
export type { Handshake } from "./handshake.js";
export { Connected, Disconnected, type RoomPresence, type RoomsChanged, type UserPresence } from "./lives.js";
export { type HandlerOptions, Namespace, type NamespaceOptions } from "./namespace.js";
export type { Observation, ObservedKind, ObserveOptions } from "./observation.js";
export { type CallOptions, Service, type ServiceOptions } from "./service.js";
export { Socket } from "./socket.js";
export { type EmitOptions, Target } from "./target.js";
export { Payload } from "./values.js";
