// A gateway of Nest behind a hub.
import "reflect-metadata";
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import nest from "@nestjs/common";
import core from "@nestjs/core";
import websockets from "@nestjs/websockets";
import { TestHub } from "@siohub/server/testing";
import { io } from "socket.io-client";
import { IoAdapter } from "../dist/index.js";

class ChatGateway {
  connections = 0;

  handleConnection(socket) {
    this.connections++;
    socket.data.name = socket.handshake.auth.name;
  }

  handleDisconnect() {
    this.connections--;
  }

  echo(_client, data) {
    return { data };
  }

  say(_client, data) {
    this.server.emit("said", data);
    return { event: "answer", data: "ok" };
  }
}
const on = (name, method) =>
  websockets.SubscribeMessage(name)(ChatGateway.prototype, method, Object.getOwnPropertyDescriptor(ChatGateway.prototype, method));
on("echo", "echo");
on("say", "say");
websockets.WebSocketServer()(ChatGateway.prototype, "server");
websockets.WebSocketGateway({ namespace: "/chat", cors: { origin: "*" } })(ChatGateway);
class AppModule {}
nest.Module({ providers: [ChatGateway] })(AppModule);

test("a gateway answers browsers of a hub", async () => {
  const binary = process.env.SIOHUB_HUB_BINARY ?? new URL("../../../../bin/hub", import.meta.url).pathname;
  const hub = await TestHub.start({ binary });
  process.env.HUB_ADDRESS = hub.address;
  const app = await core.NestFactory.create(AppModule, { logger: false });
  let made = 0;
  class Adapter extends IoAdapter {
    createIOServer(port, options) {
      made++;
      return super.createIOServer(port, { ...options, cors: { origin: "*" } });
    }
  }
  app.useWebSocketAdapter(new Adapter(app));
  await app.listen(0, "127.0.0.1");
  const client = io(`${hub.url}/chat`, { auth: { name: "ann" } });
  await once(client, "connect");
  assert.deepEqual(await client.emitWithAck("echo", { a: 1 }), { data: { a: 1 } });
  const heard = Promise.all([once(client, "said"), once(client, "answer")]);
  client.emit("say", "hello");
  assert.deepEqual(await heard, [["hello"], ["ok"]]);
  assert.equal(app.get(ChatGateway).connections, 1);
  assert.equal(made, 1);
  client.disconnect();
  await app.close();
  await hub.stop();
});
