import { type Notice, NoticeKind } from "../pb/index.js";
import type { Attachment } from "./attachment.js";
import { guarded } from "./raise.js";
import { warn } from "./warning.js";

/** Applies a notice, or tells the program of it. */
export function hear({ core, peer }: Attachment, notice: Notice): void {
  const fact = notice.fact;
  const program = core.program;
  switch (notice.kind) {
    case NoticeKind.NOTICE_KIND_ROOMS_CHANGED: {
      if (fact?.$case !== "roomsChanged") return;
      const member = peer.roomsChanged(fact.roomsChanged);
      if (member !== undefined) program.rooms(member, fact.roomsChanged);
      return;
    }
    case NoticeKind.NOTICE_KIND_UPGRADED:
      if (fact?.$case === "upgraded") program.upgraded(peer.live(fact.upgraded.socketId), fact.upgraded);
      return;
    case NoticeKind.NOTICE_KIND_HUBS:
      if (fact?.$case === "hubs") core.hubs.hear(peer, fact.hubs.hubs);
      return;
    case NoticeKind.NOTICE_KIND_INTRODUCED: {
      const { released, gone } = peer.introduced();
      for (const member of released) guarded(() => program.released(member, "MOVED"));
      for (const member of gone) guarded(() => program.gone(member, ""));
      program.introduced?.(peer.hubId);
      return;
    }
    case NoticeKind.NOTICE_KIND_LIFECYCLE_LOST:
      peer.dropped = true;
      break;
  }
  if (program.notice?.(peer, notice)) return;
  warn(core.log, peer.hubId, notice);
}
