/**
 * NestJS gateways behind a hub:
 *
 *     app.useWebSocketAdapter(new IoAdapter(app));   // was: from "@nestjs/platform-socket.io"
 */
import type { INestApplicationContext } from "@nestjs/common";
import { AbstractWsAdapter, type MessageMappingProperties } from "@nestjs/websockets";
import { type Namespace, Server, type ServerOptions, type Socket } from "@siohub/server";
import { filter, first, fromEvent, map, mergeMap, type Observable, share, takeUntil } from "rxjs";

/** Options of a gateway: those of the server, and its namespace. */
export type IoOptions = Partial<ServerOptions> & { namespace?: string | RegExp; server?: Server };

interface Answer {
  event?: string;
  data?: unknown;
}

/** Makes the servers of gateways. Override `createIOServer` to change the options, as with Nest's own. */
export class IoAdapter extends AbstractWsAdapter {
  constructor(appOrHttpServer?: INestApplicationContext | object) {
    super(appOrHttpServer);
  }

  create(port: number, options: IoOptions = {}): Server | Namespace {
    const { namespace, server, ...rest } = options;
    const known = server !== undefined && typeof server.of === "function" ? server : this.createIOServer(port, rest);
    return namespace === undefined ? known : known.of(namespace);
  }

  /** Port 0 means the application's own server; behind a hub neither is where browsers go. */
  createIOServer(port: number, options?: Partial<ServerOptions>): Server {
    if (this.httpServer && port === 0) return new Server(this.httpServer, options);
    return new Server(options).listen();
  }

  override bindClientDisconnect(client: Socket, callback: (reason?: string) => void): void {
    client.on("disconnect", (reason) => callback(reason));
  }

  bindMessageHandlers(socket: Socket, handlers: MessageMappingProperties[], transform: (data: unknown) => Observable<unknown>): void {
    const gone = fromEvent(socket as never, "disconnect").pipe(share(), first());
    for (const { message, callback, isAckHandledManually } of handlers as (MessageMappingProperties & { isAckHandledManually?: boolean })[]) {
      const answers = fromEvent(socket as never, message as string).pipe(
        mergeMap((payload: unknown) => {
          const { data, ack } = this.mapPayload(payload);
          return transform(callback(data, ack)).pipe(
            filter((answer) => answer !== undefined && answer !== null),
            map((answer) => [answer, ack] as const),
          );
        }),
        takeUntil(gone),
      );
      answers.subscribe(([answer, ack]) => {
        const { event, data } = answer as Answer;
        if (event) socket.emit(event, data);
        else if (typeof ack === "function" && !isAckHandledManually) ack(answer);
      });
    }
  }

  /** A handler gets the first argument, or all as a list when there are several; the acknowledgement stands beside. */
  mapPayload(payload: unknown): { data: unknown; ack?: (...args: unknown[]) => void } {
    if (!Array.isArray(payload)) {
      if (typeof payload === "function") return { data: undefined, ack: payload as () => void };
      return { data: payload };
    }
    const last = payload[payload.length - 1];
    if (typeof last !== "function") return { data: payload };
    const rest = payload.slice(0, -1);
    return { data: rest.length === 1 ? rest[0] : rest, ack: last };
  }

  override async close(server: Server): Promise<void> {
    if (typeof server.close === "function") await server.close();
  }
}
