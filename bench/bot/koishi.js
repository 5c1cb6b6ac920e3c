// koishi.js - the peer koishi: a command that answers, and one that asks and waits. argument: URL
// SPDX-License-Identifier: MIT
const { App } = require("koishi");

const app = new App({ prefix: ["/"] });
app.plugin(require("@koishijs/plugin-http").default);
app.plugin(require("koishi-plugin-adapter-onebot").default, {
  protocol: "ws", selfId: "10000", endpoint: process.argv[2], retryTimes: 600, retryInterval: 100,
});
app.command("ping").action(() => "pong");
app.command("talk").action(async ({ session }) => {
  await session.send("What is your name?");
  const name = await session.prompt(3600000);
  return name && `Hello, ${name}.`;
});
app.start();
