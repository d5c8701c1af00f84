import { HandshakeDetail, Introduction, Kind, Role, SocketData, Subscription } from "../pb/index.js";

/** What a server asks of the hub: to decide about, and to handle, all namespaces or some. */
export function subscriptions(namespaces: string[] = ["*"]): Subscription[] {
  return namespaces.flatMap((namespace, i) => [
    Subscription.fromPartial({ role: Role.ROLE_AUTHORIZER, namespace, id: 2 * i + 1 }),
    Subscription.fromPartial({
      role: Role.ROLE_HANDLER,
      namespace,
      id: 2 * i + 2,
      introduction: Introduction.INTRODUCTION_ON_INSTANCE,
      handshake: HandshakeDetail.HANDSHAKE_DETAIL_FULL,
      socketData: SocketData.SOCKET_DATA_ON_CHANGE,
      kinds: [
        Kind.KIND_CONNECTED,
        Kind.KIND_EVENT,
        Kind.KIND_DISCONNECTED,
        Kind.KIND_ROOMS,
        Kind.KIND_UPGRADED,
        Kind.KIND_SERVICE_CALL,
      ],
    }),
  ]);
}
