import { type Notice, NoticeKind } from "../pb/index.js";
import { CODES } from "./errors.js";
import type { Logger } from "./log.js";

const WORDS: Partial<Record<NoticeKind, string>> = {
  [NoticeKind.NOTICE_KIND_BAD_ACTION]: "the hub cannot read what this process says",
  [NoticeKind.NOTICE_KIND_COMMAND_FAILED]: "commands failed",
  [NoticeKind.NOTICE_KIND_DELIVERIES_DROPPED]: "the hub has dropped deliveries",
  [NoticeKind.NOTICE_KIND_LIFECYCLE_LOST]: "the hub has dropped lifecycle records; live sockets are introduced anew",
  [NoticeKind.NOTICE_KIND_UNHANDLED]: "nobody gets an event",
};

/** Logs a notice of something that went wrong. A kind that is not known is passed over. */
export function warn(log: Logger, hub: string, notice: Notice): void {
  const words = WORDS[notice.kind];
  if (words === undefined) return;
  const status = notice.status;
  const fields: Record<string, unknown> = { hub, count: notice.count };
  if (status !== undefined) {
    Object.assign(fields, { code: CODES[status.code], reason: status.reason, message: status.message });
    if (status.field !== "") fields.field = status.field;
  }
  if (notice.fact?.$case === "unhandled") Object.assign(fields, notice.fact.unhandled);
  if (status?.code === 10)
    log.debug(words, fields); // another try does it
  else log.warn(words, fields);
}
