import { type Hello, Item } from "../pb/index.js";
import type { Desk } from "./desk.js";
import type { Session } from "./session.js";

/** The answer to a hello; `applied` is the last envelope that was applied, where a session goes on. */
export function welcome(desk: Desk, session: Session, hello: Hello, applied: number | undefined): NonNullable<Item["kind"]> {
  const item = Item.fromPartial({
    kind: {
      $case: "welcome",
      welcome: {
        hubId: desk.hubId,
        hubVersion: "testing",
        subscriptions: hello.subscriptions.map((effective) => ({ effective })),
        window: { deliveries: 1024, bytes: 16 << 20 },
        commandWindow: 1024,
        maxEnvelopeBytes: 4 << 20,
        heartbeatInterval: { seconds: 5, nanos: 0 },
        hubs: [{ id: desk.hubId }],
        attachment: session.id,
        resumed: applied !== undefined,
        ackEnvelopeSeq: applied ?? 0,
      },
    },
  });
  return item.kind as NonNullable<Item["kind"]>;
}
