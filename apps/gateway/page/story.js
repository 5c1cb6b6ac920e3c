// story.js - which calls belong to which event: the bot's connection, the place and the time tell.
// A guess where nothing names the event: bots do not say why they call. Draws nothing.
// SPDX-License-Identifier: MIT

const KEEP = 150; // stories
const WITHIN_MS = 120000; // a call later than this belongs to no event
const SURE = 3;
const STAMP_MS = 2; // times are stamped in whole milliseconds
const TOGETHER_MS = 1000; // calls of a bot by itself that come as close are one story

const same = (a, b) => a !== undefined && a !== null && b !== undefined && b !== null && String(a) === String(b);

/** The message that a sending answers, if it says so. */
function answers(params) {
  const list = Array.isArray(params.message) ? params.message : [];
  const reply = list.find((one) => one?.type === "reply");
  return reply ? reply.data?.id : /\[CQ:reply,id=(-?\d+)/.exec(String(params.message ?? ""))?.[1];
}

/** How well a call's parameters fit an event: 0 not at all, SURE when they name it. */
function fits(event, params) {
  if (same(params.message_id, event.message_id) || same(params.flag, event.flag) ||
      same(answers(params), event.message_id)) return SURE;
  if (params.group_id !== undefined) return same(params.group_id, event.group_id) ? 2 : 0;
  if (params.user_id !== undefined) return same(params.user_id, event.user_id) ? (event.group_id ? 1 : 2) : 0;
  return 1;
}

const startOf = (call) => call.time - call.took_us / 1000;

/** The same for any story. */
function score(story, call) {
  const { entry, calls } = story;
  if (entry.self_id !== call.self_id) return 0; // of another account
  if (entry.kind === "event") return fits(entry.event, call.request?.params ?? {});
  if (entry.bot !== call.bot) return 0;
  return entry.kind === "bot" || startOf(call) - calls.at(-1).time < TOGETHER_MS ? 1 : 0;
}

const isMeta = (event) => event?.post_type === "meta_event";

export class Stories {
  constructor() {
    this.list = []; // {key, entry: an event, a bot's connection or "alone", calls: []}
  }

  clear() { this.list = []; }

  start(entry) {
    const story = { key: entry.seq, entry, calls: [] };
    this.list.push(story);
    if (this.list.length > KEEP) this.list.shift();
    return story;
  }

  /** The story that a call belongs to: the best fit, of these the latest. */
  find(call) {
    const began = startOf(call);
    let best = null;
    let most = 0;
    for (let i = this.list.length - 1; i >= 0 && began - this.list[i].entry.time < WITHIN_MS; i--) {
      const story = this.list[i];
      const own = story.entry.time - began > STAMP_MS ? 0 : score(story, call); // else it came first
      if (own > most) [best, most] = [story, own];
      if (most === SURE) break;
    }
    return best;
  }

  /** Take a traffic entry. Returns the story that is new or changed, or null. */
  add(entry) {
    if (entry.kind === "event") return isMeta(entry.event) ? null : this.start(entry);
    if (entry.kind === "bot") return entry.state === "connected" ? this.start(entry) : null;
    const story = this.find(entry) ?? this.start({ ...entry, kind: "alone", time: startOf(entry) });
    story.calls.push(entry);
    return story;
  }
}

/** The calls of a story by bot: [[bot, calls]]. */
export function byBot(story) {
  const bots = new Map();
  for (const call of story.calls) bots.set(call.bot, [...(bots.get(call.bot) ?? []), call]);
  return [...bots];
}

/** From the event to the end of the last call, in milliseconds. */
export const lengthOf = (story) =>
  Math.max(0, ...story.calls.map((call) => Math.max(call.took_us / 1000, call.time - story.entry.time)));

/** When a call began, in milliseconds after the event. */
export const beginOf = (story, call) => Math.max(0, startOf(call) - story.entry.time);

export const failed = (call) => call.reply === null || call.reply?.status === "failed";
