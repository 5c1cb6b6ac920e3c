// napcat_bot.mjs - the judge node-napcat-ts, by forward WebSocket. arguments: TOKEN URL
// Ends with code 3 when it is told that its token is wrong.
// SPDX-License-Identifier: MIT
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

// An ES module is not looked for in NODE_PATH; what require finds there is.
const require = createRequire(process.env.XIE_PEERS + "/x.js");
const { NCWebsocket, Structs } = await import(pathToFileURL(require.resolve("node-napcat-ts")));
const TEA = 20001;
const [accessToken, baseUrl] = process.argv.slice(2);
const bot = new NCWebsocket({ baseUrl, accessToken, reconnection: { attempts: 600, delay: 100 } });
const say = (...message) => bot.send_group_msg({ group_id: TEA, message });
const tell = (text) => say(Structs.text(text));

const commands = {
  async "/card"({ group_id, user_id }) {
    await tell(`card: ${(await bot.get_group_member_info({ group_id, user_id })).card}`);
  },
  async "/members"({ group_id }) {
    const members = await bot.get_group_member_list({ group_id });
    const owner = members.find((one) => one.role === "owner");
    await tell(`members: ${members.length}, owner ${owner.user_id}`);
  },
  async "/wrong"({ group_id }) {
    await bot.get_group_member_info({ group_id, user_id: 99999 }).catch((failure) =>
      tell(`failed: ${failure.retcode}`));
  },
  async "/fleeting"() {
    await bot.delete_msg(await tell("fleeting"));
  },
  // Retcode 1, of an asynchronous call, is a failure to it; its own set_restart knows no delay.
  "/restart": () => bot.send("set_restart", { delay: 0 }).catch(() => {}),
  async "/parts"(event) {
    const parts = Object.fromEntries(event.message.map((one) => [one.type, one.data]));
    const said = await bot.get_msg({ message_id: Number(parts.reply.id) });
    await tell(`saw: reply ${said.message_id} at ${parts.at.qq} ` +
      `face ${parts.face.id} image ${parts.image.file}`);
    await say(Structs.reply(event.message_id), Structs.at(event.user_id), Structs.face(66),
      Structs.image("base64://iVBORw0KGgo="), Structs.text("back"));
  },
};

bot.on("socket.error", (error) => {
  if (error.error_type === "response_error") process.exit(3);
});
bot.on("meta_event.lifecycle", () => tell("here"));
bot.on("message.group", async (event) => {
  const words = event.message.filter((one) => one.type === "text").map((one) => one.data.text);
  await commands[words.join("")]?.(event);
});
bot.on("notice.group_ban", (event) => tell(`muted: ${event.user_id} for ${event.duration}`));
bot.on("notice.group_recall", async (event) => {
  if (event.user_id !== event.self_id) await tell(`recalled: ${event.message_id}`);
});
bot.on("request.friend", ({ flag }) => bot.set_friend_add_request({ flag, approve: true, remark: "judged" }));
bot.on("request.group", ({ flag, sub_type }) =>
  bot.set_group_add_request({ flag, sub_type, approve: true }));
await bot.connect();
