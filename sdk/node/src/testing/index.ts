/**
 * For tests of applications: a hub in memory with browsers that a test plays (`MemoryHub`), or the hub itself in a process
 * beside them (`TestHub`).
 */
export { Browser, type Opening } from "./browser.js";
export { ConnectError, HandlerError, NoReplyError } from "./errors.js";
export { MemoryHub } from "./memory-hub.js";
export { TestHub, type TestHubOptions } from "./test-hub.js";
