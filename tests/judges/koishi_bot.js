// koishi_bot.js - the judge koishi with its OneBot adapter, by forward WebSocket. arguments: TOKEN URL
// SPDX-License-Identifier: MIT
const { App, Universal, h } = require("koishi");

const TEA = "20001";
const app = new App();
const [token, endpoint] = process.argv.slice(2);
app.plugin(require("@koishijs/plugin-http").default);
app.plugin(require("koishi-plugin-adapter-onebot").default, {
  protocol: "ws", selfId: "10000", token, endpoint, retryTimes: 600, retryInterval: 100, retryLazy: 100,
});

const commands = {
  async "/card"(session) {
    const member = await session.onebot.getGroupMemberInfo(session.guildId, session.userId);
    await session.send(`card: ${member.card}`);
  },
  async "/members"(session) {
    const members = await session.onebot.getGroupMemberList(session.guildId);
    const owner = members.find((one) => one.role === "owner");
    await session.send(`members: ${members.length}, owner ${owner.user_id}`);
  },
  async "/wrong"(session) {
    try {
      await session.onebot.getGroupMemberInfo(session.guildId, "99999");
    } catch (failure) {
      await session.send(`failed: ${failure.code}`);
    }
  },
  async "/fleeting"(session) {
    const [id] = await session.send("fleeting");
    await session.bot.deleteMessage(session.channelId, id);
  },
  // Its retcode 1, of an asynchronous call, is a failure to this adapter.
  "/restart": (session) => session.onebot.setRestart(0).catch(() => {}),
  async "/parts"(session) {
    const parts = Object.fromEntries(session.elements.map((one) => [one.type, one.attrs]));
    await session.send(`saw: reply ${session.quote.id} at ${parts.at.id} ` +
      `face ${parts.face.id} image ${parts.img.file}`);
    await session.send([h.quote(session.messageId), h.at(session.userId), h("face", { id: "66" }),
      h.image("data:image/png;base64,iVBORw0KGgo="), h.text("back")]);
  },
};

app.on("bot-status-updated", (bot) => {
  if (bot.status === Universal.Status.ONLINE) bot.sendMessage(TEA, "here");
});
app.on("message", async (session) => {
  const words = h.select(session.elements, "text").map((one) => one.attrs.content).join("").trim();
  if (!session.isDirect && session.userId !== "10000") await commands[words]?.(session);
});
app.on("internal/session", (session) => {
  const event = session.onebot;
  if (event?.notice_type === "group_ban")
    session.bot.sendMessage(String(event.group_id), `muted: ${event.user_id} for ${event.duration}`);
});
app.on("message-deleted", async (session) => {
  if (session.userId !== "10000") await session.bot.sendMessage(TEA, `recalled: ${session.messageId}`);
});
app.on("friend-request", (session) => session.bot.handleFriendRequest(session.messageId, true, "judged"));
app.on("guild-member-request", (session) => session.bot.handleGuildMemberRequest(session.messageId, true));
app.start();
