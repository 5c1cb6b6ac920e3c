// segments.js - a message's segments as elements, a way for each kind; unknown ones by their name.
// SPDX-License-Identifier: MIT
import { el } from "./dom.js";
import { get } from "./live.js";
import { fileOf, imageOf, recordOf, videoOf } from "./media.js";
import { findMessage, nameIn } from "./state.js";
import { t } from "./text.js";

const DEPTH = 4; // forwards in forwards that can be opened

// QQ's own faces that have a near relation among the emoji; others show their number.
const FACES = {
  0: "😮", 1: "😖", 2: "😍", 3: "😳", 4: "😎", 5: "😭", 6: "☺️", 7: "🤐", 8: "😴", 9: "😢", 10: "😅", 11: "😡",
  12: "😜", 13: "😁", 14: "🙂", 15: "🙁", 16: "😎", 18: "😫", 19: "🤮", 20: "🤭", 21: "😊", 22: "🙄", 23: "😤",
  25: "😪", 26: "😱", 27: "😓", 28: "😄", 30: "💪", 31: "🤬", 32: "❓", 33: "🤫", 34: "😵", 36: "😞", 37: "💀",
  38: "🔨", 39: "👋", 49: "🤗", 53: "🎂", 56: "🔪", 59: "💩", 60: "☕", 63: "🌹", 64: "🥀", 66: "❤️", 67: "💔",
  74: "☀️", 75: "🌙", 76: "👍", 77: "👎", 78: "🤝", 79: "✌️", 85: "😘", 89: "🍉", 96: "😰", 97: "😥", 98: "🥱",
  99: "👏", 106: "🥺", 111: "🥹", 112: "🔪", 114: "🏀", 116: "💋", 118: "🙏", 120: "✊", 124: "👌", 144: "🎉",
  171: "🍵", 172: "😉", 174: "🤷", 175: "😺", 176: "😤", 179: "🐶", 182: "😂", 201: "👍", 212: "🤔", 264: "🤦",
};

const chip = (sign, words) => el("span", { className: "chip" }, `${sign} ${String(words ?? "").slice(0, 80)}`.trim());

function quoteOf(data, place) {
  const quoted = findMessage(data.id);
  const text = quoted && !quoted.recalled ? `${nameIn(quoted.user_id, place)}: ${quoted.text}` : t("forgotten");
  const button = el("button", { className: "quote", type: "button", "aria-label": t("quoted", text) }, text);
  button.addEventListener("click", () => {
    const target = button.closest(".log")?.querySelector(`[data-id="${CSS.escape(String(data.id))}"]`);
    target?.scrollIntoView({ block: "center" });
    target?.animate?.([{ background: "var(--accent-soft)" }, { background: "transparent" }], 900);
  });
  return button;
}

function faceOf({ id }) {
  const emoji = FACES[id];
  if (!emoji) return chip("🙂", id);
  return el("span", { className: "face", role: "img", title: `face ${id}`, "aria-label": t("face", id) }, emoji);
}

function nodeOf({ data }, place, depth) {
  return el("li", {}, el("span", { className: "by" }, data.nickname), el("div", { className: "node" },
    ...segmentsOf(data.content ?? [], place, depth + 1)));
}

/** Closed at first; its nodes are asked for when it is opened. */
function forwardOf(data, place, depth) {
  const list = el("ol", { className: "nodes", "aria-live": "polite" });
  const box = el("details", { className: "forward" },
    el("summary", {}, el("span", { "aria-hidden": "true" }, "🗂 "), t("forward")), list);
  box.addEventListener("toggle", async () => {
    if (!box.open || list.childElementCount) return;
    try {
      const { messages } = await get(`/api/forward?id=${encodeURIComponent(data.id ?? "")}`);
      list.replaceChildren(...messages.map((node) => nodeOf(node, place, depth)));
    } catch (error) {
      list.replaceChildren(el("li", { className: "failed" }, error.message));
    }
  });
  return depth < DEPTH ? box : chip("🗂", t("forward"));
}

const KINDS = {
  text: (data) => document.createTextNode(data.text),
  at: (data, place) => el("span", { className: "at" },
    `@${data.qq === "all" ? t("everybody") : nameIn(Number(data.qq), place)} `),
  image: imageOf,
  record: recordOf,
  video: videoOf,
  file: fileOf,
  reply: quoteOf,
  face: faceOf,
  forward: forwardOf,
  rps: (data) => chip("✊", data.result),
  dice: (data) => chip("🎲", data.result),
  shake: () => chip("🫨", t("shake")),
  poke: (data) => chip("👉", data.name ?? t("poke")),
  share: (data) => chip("🔗", [data.title, data.url].filter(Boolean).join(" · ")),
  location: (data) => chip("📍", data.title ?? `${data.lat}, ${data.lon}`),
  music: (data) => chip("🎵", data.title ?? `${data.type} ${data.id ?? ""}`),
  contact: (data) => chip("👤", `${data.type} ${data.id}`),
};

export function segmentsOf(segments, place, depth = 0) {
  return segments.map(({ type, data }) => Object.hasOwn(KINDS, type) ? KINDS[type](data ?? {}, place, depth)
    : chip("", `${type} ${data?.title ?? data?.file ?? data?.name ?? ""}`));
}
