// timeline.js - the panel's second view: each event, what the bots did after it, how long it took.
// SPDX-License-Identifier: MIT
import { atEnd, byId, el } from "./dom.js";
import { beginOf, byBot, failed, lengthOf, Stories } from "./story.js";
import { findMessage, nameIn, nickname, privatePlace } from "./state.js";
import { placeName } from "./places.js";
import { clock, duration, eventName, watchers } from "./panel.js";
import { t } from "./text.js";
import { isWatched, watchSelect, whose } from "./watch.js";

const stories = new Stories();
const filter = { words: "", answered: false, failures: false };
let lastSeq = -1;

// Event and call are stamped in whole milliseconds.
const ms = (time) => time < 1 ? "<1 ms" : duration(Math.round(time * 1000));

/** What a person calls this: who said what where, or the event's name. */
function headline({ entry }) {
  if (entry.kind === "bot") return t("bot_connected", entry.bot);
  if (entry.kind === "alone") return t("by_itself");
  const { event } = entry;
  if (typeof event === "string") return eventName(event);
  const place = event.group_id ? `g${event.group_id}` : privatePlace(event.user_id ?? 0, event.self_id);
  const who = event.sender?.card || event.sender?.nickname || (event.user_id ? nameIn(event.user_id, place) : "");
  const where = event.group_id ? placeName(place) : t("in_private");
  if (event.post_type === "message") return `${who} · ${where}: ${event.raw_message ?? ""}`;
  return `${eventName(event)} · ${[who, where].filter(Boolean).join(" · ")}`;
}

/** The words that a call sent, when it sent some. */
function sentBy(call) {
  if (!/^(send_|reply)/.test(call.action)) return "";
  const message = findMessage(call.reply?.data?.message_id);
  if (message) return message.recalled ? t("recalled", nickname(message.user_id)) : message.text;
  const given = call.request?.params?.message;
  return typeof given === "string" ? given : "";
}

function outcome(call) {
  if (call.reply === null) return t("unanswered");
  if (failed(call)) return `✗ ${call.reply.retcode}`;
  return call.reply?.status === "async" ? "async" : "✓";
}

function callLine(story, call, whole) {
  const begin = beginOf(story, call);
  const bar = el("span", { className: "bar", "aria-hidden": "true" });
  bar.style.setProperty("--from", `${Math.min(98, begin / whole * 100)}%`);
  bar.style.setProperty("--long", `${Math.max(2, call.took_us / 1000 / whole * 100)}%`);
  const words = sentBy(call);
  return el("li", { className: failed(call) ? "step failed" : "step" },
    el("div", { className: "step-head" }, el("b", {}, call.action),
      el("span", { className: "facts" },
        el("span", { title: t("after_start") }, `+${ms(begin)}`),
        el("span", { title: t("took") }, duration(call.took_us)), el("span", {}, outcome(call)))),
    bar, failed(call) && call.reply ? el("p", { className: "why" }, call.reply.wording ?? "") : null,
    words ? el("p", { className: "sent" }, words.slice(0, 300)) : null);
}

function storyOf(story) {
  const whole = Math.max(1, lengthOf(story));
  const { calls, entry } = story;
  const bots = byBot(story);
  const groups = bots.flatMap(([bot, list]) => [
    bots.length > 1 ? el("h4", {}, t("bot_number", bot)) : null,
    el("ol", { className: "steps" }, ...list.map((call) => callLine(story, call, whole)))]);
  const item = el("article", { className: "story", "aria-label": headline(story) },
    el("header", {},
      el("time", {}, clock(entry.time)),
      el("p", { className: "cause" }, headline(story)),
      el("span", { className: "facts" }, calls.length
        ? t("calls_in", calls.length, ms(lengthOf(story))) : t("no_reaction"),
      whose(entry) ? ` · ${whose(entry)}` : "")),
    ...groups.filter(Boolean));
  item.classList.toggle("quiet", calls.length === 0);
  item.classList.toggle("failed", calls.some(failed));
  item.dataset.key = story.key;
  return item;
}

function wanted(story) {
  if (!isWatched(story.entry)) return false;
  if (filter.answered && story.calls.length === 0) return false;
  if (filter.failures && !story.calls.some(failed)) return false;
  if (!filter.words) return true;
  const all = [headline(story), ...story.calls.flatMap((call) => [call.action, sentBy(call)])];
  return all.join("\n").toLowerCase().includes(filter.words.toLowerCase());
}

function drawList() {
  const list = byId("stories");
  const shown = stories.list.filter(wanted);
  list.replaceChildren(...(shown.length ? shown.map(storyOf)
    : [el("p", { className: "empty" }, t(stories.list.length ? "nothing_fits" : "nothing_happened"))]));
  list.scrollTop = list.scrollHeight;
}

const check = (name) => el("label", { className: "check" }, el("input", {
  type: "checkbox", checked: filter[name],
  onchange: (event) => {
    filter[name] = event.target.checked;
    drawList();
  },
}), t(name));

export function drawTimeline() {
  byId("story-filters").replaceChildren(watchSelect("story-account", () => watchers.forEach((draw) => draw())), el("input", {
    type: "search", id: "story-words", value: filter.words, placeholder: t("filter_words"), "aria-label": t("filter_words"),
    oninput: (event) => {
      filter.words = event.target.value.trim();
      drawList();
    },
  }), check("answered"), check("failures"));
  drawList();
}

watchers.push(drawTimeline);

/** Take an entry of the traffic, each once. */
export function addToTimeline(entry) {
  if (entry.seq <= lastSeq) return;
  lastSeq = entry.seq;
  const story = stories.add(entry);
  const list = byId("stories");
  if (!story || byId("view-timeline").hidden) return; // drawn when it is looked at
  const follow = atEnd(list);
  const old = list.querySelector(`[data-key="${story.key}"]`);
  if (!wanted(story)) old?.remove();
  else if (old) old.replaceWith(storyOf(story));
  else drawList();
  if (follow) list.scrollTop = list.scrollHeight;
}

export function clearTimeline(again) {
  stories.clear();
  if (again) lastSeq = -1;
  drawTimeline();
}
