// Processes that run the application.
import { fork } from "node:child_process";
import { once } from "node:events";

export class App {
  static async start(module, env = {}, { app: file = new URL("app.mjs", import.meta.url), execArgv = [] } = {}) {
    const app = new App();
    app.saved = [];
    app.child = fork(file, [module], { env: { ...process.env, ...env }, execArgv });
    app.child.on("message", (message) => message.saved !== undefined && app.saved.push(message.saved));
    app.exited = once(app.child, "exit");
    const { port } = await app.hears("port");
    app.url = `http://127.0.0.1:${port}`;
    return app;
  }

  hears(key) {
    return new Promise((resolve) => {
      const listen = (message) => {
        if (!(key in message)) return;
        this.child.off("message", listen);
        resolve(message);
      };
      this.child.on("message", listen);
    });
  }

  async ask(question, key) {
    const answer = this.hears(key);
    this.child.send(question);
    return (await answer)[key];
  }

  async stop(signal = "SIGTERM") {
    this.child.kill(signal);
    await this.exited;
  }
}
