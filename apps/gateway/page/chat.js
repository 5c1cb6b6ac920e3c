// chat.js - the middle of a column: what was said in the place that it shows.
// SPDX-License-Identifier: MIT
import { memberItems, messageItems } from "./acts.js";
import { atEnd, avatar, el } from "./dom.js";
import { openMenu } from "./menu.js";
import { segmentsOf } from "./segments.js";
import { groupOf, isAccount, nameIn, nickname, placeOf, state } from "./state.js";
import { t, timeFormat } from "./text.js";

const GAP_S = 300; // a pause this long gets a line with the time

function bubble(message, place) {
  const segments = message.segments ? segmentsOf(message.segments, place) : [message.text];
  return el("div", { className: "bubble" }, ...segments);
}

function badges(message, place) {
  const role = groupOf(place)?.members.get(message.user_id)?.role;
  return [
    isAccount(message.user_id) ? el("span", { className: "tag bot" }, t("bot")) : null,
    message.anonymous ? el("span", { className: "tag" }, t("anonymous")) : null,
    role === "owner" || role === "admin" ? el("span", { className: `tag ${role}` }, t(role)) : null,
  ];
}

function recalledLine(message, place) {
  const line = el("p", { className: "line" }, t("recalled", nameIn(message.user_id, place)));
  line.dataset.id = message.message_id;
  return line;
}

function avatarButton(column, message, name) {
  const button = el("button", {
    type: "button", className: "avatar-button", "aria-haspopup": "menu", "aria-expanded": "false",
    "aria-label": t("acts_on", name),
  }, avatar(message.user_id, nickname(message.user_id)));
  button.addEventListener("click", () => openMenu(button, name, memberItems(column, message.user_id)));
  return button;
}

/** The small buttons beside a message: seen when it is pointed at or has the focus. */
function tools(column, message, name) {
  const more = el("button", {
    type: "button", className: "tool", "aria-haspopup": "menu", "aria-expanded": "false",
    "aria-label": t("more_of", name), title: t("more"),
  }, "⋯");
  more.addEventListener("click", () => openMenu(more, name, messageItems(column, message)));
  return el("span", { className: "tools" },
    el("button", {
      type: "button", className: "tool answer", "aria-label": t("answer_to", name), title: t("answer"),
      onclick: () => column.replyTo(message),
    }, "↩"), more,
    message.user_id === column.me ? el("button", {
      className: "tool recall", type: "button", onclick: () => column.recall(message.message_id),
    }, t("recall")) : null);
}

function messageOf(column, message, before) {
  const { place, me } = column;
  if (message.recalled) return recalledLine(message, place);
  const follows = before && !before.recalled && before.user_id === message.user_id &&
    message.time - before.time < GAP_S && before.anonymous === message.anonymous;
  const name = nameIn(message.user_id, place);
  const item = el("article", { className: "message", "aria-label": t("message_of", name) },
    avatarButton(column, message, name),
    el("div", { className: "said" },
      el("p", { className: "who" }, name, " ", ...badges(message, place)),
      el("div", { className: "row" }, bubble(message, place), tools(column, message, name))));
  item.classList.toggle("mine", message.user_id === me);
  item.classList.toggle("follows", Boolean(follows));
  item.classList.toggle("from-bot", isAccount(message.user_id));
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

const here = (column) => state.messages.filter((one) => placeOf(one) === column.place);

/** Draw the place that is shown from the beginning, at its end. */
export function drawChat(column) {
  const { log, newer } = column.parts;
  const list = here(column);
  newer.hidden = true;
  if (list.length === 0) {
    log.replaceChildren(el("p", { className: "empty" }, t("empty")));
    return;
  }
  log.replaceChildren(...list.flatMap((message, i) =>
    withTime(message, list[i - 1], messageOf(column, message, list[i - 1]))));
  log.scrollTop = log.scrollHeight;
  // Pictures have their height only when they are decoded.
  for (const image of log.querySelectorAll("img.picture"))
    image.addEventListener("load", () => { if (newer.hidden && atEnd(log, image.height)) log.scrollTop = log.scrollHeight; });
}

/** Add the newest message. Whoever reads further up is not moved, but told. */
export function addMessage(column, message) {
  const { log, newer } = column.parts;
  const follow = atEnd(log) || message.user_id === column.me;
  const before = here(column).at(-2);
  if (!before) log.replaceChildren();
  const added = withTime(message, before, messageOf(column, message, before));
  log.append(...added);
  if (!follow) {
    newer.hidden = false;
    return;
  }
  log.scrollTop = log.scrollHeight;
  for (const image of added.at(-1).querySelectorAll("img.picture"))
    image.addEventListener("load", () => { log.scrollTop = log.scrollHeight; });
}

/** Draw a message that changed, without moving anything. */
export function changeMessage(column, message) {
  const old = column.parts.log.querySelector(`[data-id="${message.message_id}"]`);
  const list = here(column);
  old?.replaceWith(messageOf(column, message, list[list.indexOf(message) - 1]));
}
