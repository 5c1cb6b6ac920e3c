// chat.js - the middle: what was said in the place that is shown.
// SPDX-License-Identifier: MIT
import { atEnd, avatar, byId, el } from "./dom.js";
import { findMessage, groupOf, nameIn, nickname, placeOf, state } from "./state.js";
import { t, timeFormat } from "./text.js";

const GAP_S = 300; // a pause this long gets a line with the time
const IMAGE = /^[A-Za-z0-9+/=\s]+$/;

function imageOf(data) {
  const file = data.file ?? "";
  const base64 = file.startsWith("base64://") ? file.slice(9) : "";
  if (!base64 || !IMAGE.test(base64)) return el("span", { className: "chip" }, `🖼 ${t("image")}`);
  return el("img", { className: "picture", alt: t("image"), src: `data:image/png;base64,${base64}` });
}

function quoteOf(data, place) {
  const quoted = findMessage(data.id);
  const text = quoted && !quoted.recalled
    ? `${nameIn(quoted.user_id, place)}: ${quoted.text}` : t("forgotten");
  return el("span", { className: "quote" }, text);
}

function segmentOf({ type, data }, place) {
  if (type === "text") return document.createTextNode(data.text);
  if (type === "at") {
    const name = data.qq === "all" ? "全体成员" : nameIn(Number(data.qq), place);
    return el("span", { className: "at" }, `@${name} `);
  }
  if (type === "image") return imageOf(data);
  if (type === "reply") return quoteOf(data, place);
  if (type === "face") return el("span", { className: "chip" }, `🙂 ${data.id ?? ""}`);
  return el("span", { className: "chip" }, `${type} ${data.title ?? data.file ?? data.name ?? ""}`.slice(0, 80));
}

function bubble(message, place) {
  const segments = message.segments?.map((one) => segmentOf(one, place)) ?? [message.text];
  return el("div", { className: "bubble" }, ...segments);
}

function badges(message, place) {
  const role = groupOf(place)?.members.get(message.user_id)?.role;
  return [
    message.user_id === state.botId ? el("span", { className: "tag bot" }, t("bot")) : null,
    role === "owner" || role === "admin" ? el("span", { className: `tag ${role}` }, t(role)) : null,
  ];
}

function recalledLine(message, place) {
  const line = el("p", { className: "line" }, t("recalled", nameIn(message.user_id, place)));
  line.dataset.id = message.message_id;
  return line;
}

function messageOf(message, before, place, recall) {
  if (message.recalled) return recalledLine(message, place);
  const mine = message.user_id === state.me;
  const follows = before && !before.recalled && before.user_id === message.user_id &&
    message.time - before.time < GAP_S;
  const name = nameIn(message.user_id, place);
  const button = mine ? el("button", {
    className: "recall", type: "button", onclick: () => recall(message.message_id),
  }, t("recall")) : null;
  const item = el("article", { className: "message" },
    avatar(message.user_id, nickname(message.user_id)),
    el("div", { className: "said" },
      el("p", { className: "who" }, name, " ", ...badges(message, place)),
      el("div", { className: "row" }, bubble(message, place), button)));
  item.classList.toggle("mine", mine);
  item.classList.toggle("follows", Boolean(follows));
  item.classList.toggle("from-bot", message.user_id === state.botId);
  item.dataset.id = message.message_id;
  item.title = new Date(message.time * 1000).toLocaleString();
  return item;
}

function withTime(message, before, element) {
  if (before && message.time - before.time < GAP_S) return [element];
  const time = new Date(message.time * 1000);
  return [el("p", { className: "line" },
    el("time", { dateTime: time.toISOString() }, timeFormat().format(time))), element];
}

const here = () => state.messages.filter((one) => placeOf(one) === state.place);

/** Draw the place that is shown from the beginning, at its end. */
export function drawChat(recall) {
  const log = byId("log");
  const list = here();
  if (list.length === 0) {
    log.replaceChildren(el("p", { className: "empty" }, t("empty")));
    return;
  }
  log.replaceChildren(...list.flatMap((message, i) =>
    withTime(message, list[i - 1], messageOf(message, list[i - 1], state.place, recall))));
  log.scrollTop = log.scrollHeight;
  byId("newer").hidden = true;
}

/** Add the newest message. Whoever reads further up is not moved, but told. */
export function addMessage(message, recall) {
  const log = byId("log");
  const follow = atEnd(log) || message.user_id === state.me;
  const before = here().at(-2);
  if (!before) log.replaceChildren();
  log.append(...withTime(message, before, messageOf(message, before, state.place, recall)));
  if (follow) log.scrollTop = log.scrollHeight;
  else byId("newer").hidden = false;
}

/** Draw a message that changed, without moving anything. */
export function changeMessage(message, recall) {
  const old = byId("log").querySelector(`[data-id="${message.message_id}"]`);
  const list = here();
  const before = list[list.indexOf(message) - 1];
  old?.replaceWith(messageOf(message, before, state.place, recall));
}
