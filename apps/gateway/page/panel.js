// panel.js - the panel's first view: calls and events as they pass, newest last.
// SPDX-License-Identifier: MIT
import { atEnd, byId, el } from "./dom.js";
import { failed } from "./story.js";
import { t } from "./text.js";
import { isWatched, watchSelect, whose } from "./watch.js";

const KEEP = 300;
const FILTERS = ["everything", "calls", "events"];

let filter = "everything";
let heartbeats = false;
let entries = [];
let lastSeq = -1;

export const clock = (ms) => {
  const time = new Date(ms);
  const two = (n) => String(n).padStart(2, "0");
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}` +
    `.${String(time.getMilliseconds()).padStart(3, "0")}`;
};

export const duration = (us) => us < 1000 ? `${us} µs`
  : us < 1e6 ? `${(us / 1000).toFixed(us < 1e4 ? 1 : 0)} ms` : `${(us / 1e6).toFixed(1)} s`;

const isHeartbeat = (entry) => entry.event?.meta_event_type === "heartbeat";

export function eventName(event) {
  if (typeof event === "string") return `${t("event")} ${event}`; // too long to be shown
  const type = event.post_type;
  const kind = event.message_type ?? event.notice_type ?? event.request_type ?? event.meta_event_type;
  return [type, kind, event.sub_type].filter(Boolean).join(" · ");
}

/** A JSON value as coloured text. */
function json(value, indent = 0) {
  const pad = "  ".repeat(indent);
  if (value === null || typeof value !== "object") {
    const kind = value === null ? "null" : typeof value;
    return [el("span", { className: `json-${kind}` }, JSON.stringify(value))];
  }
  const list = Array.isArray(value);
  const keys = Object.keys(value);
  if (keys.length === 0) return [list ? "[]" : "{}"];
  const lines = keys.flatMap((key, i) => [
    `${pad}  `,
    ...(list ? [] : [el("span", { className: "json-key" }, JSON.stringify(key)), ": "]),
    ...json(value[key], indent + 1), i < keys.length - 1 ? ",\n" : "\n",
  ]);
  return [list ? "[\n" : "{\n", ...lines, `${pad}${list ? "]" : "}"}`];
}

const block = (title, value) =>
  [el("h3", {}, t(title)), el("pre", { tabIndex: 0 }, ...json(value))];

function details(entry) {
  if (entry.kind === "call") return [...block("request", entry.request), ...block("reply", entry.reply)];
  return block("event", entry.event);
}

/** A name that may break after each of its words. */
const breakable = (name) => el("b", {},
  ...name.split(/(?<=_)/).flatMap((word) => [word, el("wbr")]));

function row(entry, className, arrow, name, ...facts) {
  const summary = el("summary", {},
    el("time", {}, clock(entry.time)),
    el("span", { className: "arrow", "aria-hidden": "true" }, arrow),
    breakable(name), el("span", { className: "facts" }, ...facts));
  const item = el("details", { className: `entry ${className}` }, summary);
  // Drawn when it is opened: most never are.
  item.addEventListener("toggle", () => {
    if (item.open && item.childElementCount === 1) item.append(...details(entry));
  });
  return item;
}

const fact = (text, title) => el("span", { title }, text);

const owner = (entry) => whose(entry) ? [fact(whose(entry), t("account"))] : [];

function callRow(entry) {
  const bad = failed(entry);
  const facts = [fact(bad ? `✗ ${entry.reply?.retcode ?? ""}` : entry.reply.status === "async" ? "async" : "✓")];
  facts.push(fact(duration(entry.took_us)));
  facts.push(...owner(entry));
  if (entry.after !== undefined && entry.after < 10000) facts.push(fact(`+${entry.after} ms`, t("after_event")));
  return row(entry, bad ? "call failed" : "call", "←", entry.action, ...facts);
}

function botRow(entry) {
  const state = entry.state === "gone" ? t("gone_bot") : t(entry.state);
  return el("p", { className: `entry note ${entry.state}` }, el("time", {}, clock(entry.time)),
    el("span", { className: "arrow", "aria-hidden": "true" }, "●"),
    el("b", {}, `bot ${entry.bot || "?"} ${state}`), el("span", { className: "facts" }, entry.path, ...owner(entry)));
}

function draw(entry) {
  if (entry.kind === "call") return callRow(entry);
  if (entry.kind === "bot") return botRow(entry);
  return row(entry, isHeartbeat(entry) ? "event quiet" : "event", "→", eventName(entry.event), fact(t("to", entry.to)),
    ...owner(entry));
}

const wanted = (entry) => isWatched(entry) && (heartbeats || !isHeartbeat(entry)) &&
  (filter === "everything" || entry.kind === "bot" || `${entry.kind}s` === filter);

export const watchers = [drawPanel]; // what is drawn anew when another account is looked at

export function drawPanel() {
  const wire = byId("wire");
  const shown = entries.filter(wanted);
  wire.replaceChildren(...(shown.length ? shown.map(draw)
    : [el("p", { className: "empty" }, t("nothing_passed"))]));
  wire.scrollTop = wire.scrollHeight;
  drawFilters();
}

function drawFilters() {
  const box = el("input", {
    type: "checkbox", checked: heartbeats,
    onchange: (event) => { heartbeats = event.target.checked; drawPanel(); },
  });
  byId("filters").replaceChildren(watchSelect("wire-account", () => watchers.forEach((draw) => draw())),
    ...FILTERS.map((name) => el("button", {
      type: "button", className: "chip-button", "aria-pressed": String(name === filter),
      onclick: () => { filter = name; drawPanel(); byId("filters").querySelector("[aria-pressed=true]").focus(); },
    }, t(name))),
    el("label", { className: "check" }, box, t("heartbeats")));
}

/** Since which event's time a call came: the reaction of whoever listens, being that account. */
function relate(entry) {
  if (entry.kind !== "call") return;
  const event = entries.findLast((one) => one.kind === "event" && one.self_id === entry.self_id &&
    one.event?.post_type !== "meta_event");
  if (event) entry.after = Math.max(0, entry.time - event.time);
}

/** Take an entry; each number counts once, so that a reconnect shows nothing twice. */
export function addEntry(entry) {
  if (entry.seq <= lastSeq) return;
  lastSeq = entry.seq;
  relate(entry);
  entries.push(entry);
  if (entries.length > KEEP) entries.shift();
  if (!wanted(entry)) return;
  const wire = byId("wire");
  const follow = atEnd(wire);
  wire.querySelector(".empty")?.remove();
  wire.append(draw(entry));
  while (wire.childElementCount > KEEP) wire.firstElementChild.remove();
  if (follow) wire.scrollTop = wire.scrollHeight;
}

export function clearPanel(again) {
  entries = [];
  if (again) lastSeq = -1;
  drawPanel();
}
