// state.js - what the page knows. Places are "g20001" (a group), "p10003" (a person's private talk
// with the first account) and "p10002~10003" (of any two). Messages are kept by their ids, each once.
// SPDX-License-Identifier: MIT

const KEEP = 2000; // messages in memory, of all places

export const state = {
  run: null, // which run of the gateway this is
  seq: 0, // traffic from this number on is news
  link: "connecting", // or "online", "offline"
  bots: 0,
  botsOf: new Map(), // account -> how many
  botId: 10000, // the first account
  accounts: new Map(), // id -> {user_id, report_self, friends: Set}
  onebot: "", // where the bots of any account connect; "": nowhere
  onebotOf: new Map(), // account -> where its own connect, as far as it has a door alone
  textMax: 4500,
  people: new Map(), // id -> {user_id, nickname}
  groups: new Map(), // id -> {group_id, name, members: Map}
  messages: [], // by id
  unread: new Map(), // place -> count
  columns: [], // what is shown side by side: see column.js
  active: 0, // which of them the left side and the tabs belong to
};

/** The place of a private talk, whichever of the two is named first. */
export function privatePlace(one, other) {
  if (one === state.botId || other === state.botId) return `p${one === state.botId ? other : one}`;
  return `p${Math.min(one, other)}~${Math.max(one, other)}`;
}

/** The two of a private place. */
const sidesOf = (place) => {
  const [one, other = state.botId] = place.slice(1).split("~").map(Number);
  return [one, other];
};

/** Whom this one talks to there. */
export const peerOf = (place, me) => sidesOf(place).find((one) => one !== me);

/** The account of a private place. */
export const accountOf = (place) => sidesOf(place).find((one) => state.accounts.has(one)) ?? state.botId;

export const isAccount = (user) => state.accounts.has(user) || user === state.botId;

export const placeOf = (message) =>
  message.group_id ? `g${message.group_id}` : privatePlace(message.user_id, message.target_id);

export const groupOf = (place) =>
  place.startsWith("g") ? state.groups.get(Number(place.slice(1))) : undefined;

/** May this person speak there? */
export function maySpeak(user, place) {
  const group = groupOf(place);
  if (group) return group.members.has(user);
  return sidesOf(place).includes(user) &&
    (state.accounts.size === 0 || Boolean(state.accounts.get(peerOf(place, user))?.friends.has(user)));
}

export const nickname = (user) => state.people.get(user)?.nickname ?? String(user);

/** How somebody is called in a place. */
export const nameIn = (user, place) =>
  groupOf(place)?.members.get(user)?.card || nickname(user);

/** The places that a person has, in the order shown. */
export const placesOf = (user) => [...[...state.groups.keys()].map((id) => `g${id}`),
  ...[...state.accounts.keys()].map((account) => privatePlace(user, account))];

/** Everyone whom one may be. */
export const playable = () => [...state.people.values()].filter((one) => !isAccount(one.user_id));

/** Take what the world is like now. */
export function takeWorld(world) {
  state.people = new Map(world.people.map((person) => [person.user_id, person]));
  state.accounts = new Map(world.accounts.map((account) => [account.user_id, {
    ...account, friends: new Set(account.friends),
  }]));
  state.groups = new Map(world.groups.map((group) => [group.group_id, {
    ...group, members: new Map(group.members.map((member) => [member.user_id, member])),
  }]));
}

/** Take the gateway's first words. */
export function takeHello(hello) {
  if (state.run !== null && state.run !== hello.run) {
    state.messages = [];
    state.unread.clear();
  }
  state.run = hello.run;
  state.seq = hello.seq;
  state.bots = hello.bots;
  state.botsOf = new Map(Object.entries(hello.bots_of).map(([id, count]) => [Number(id), count]));
  state.botId = hello.bot_id;
  state.onebot = hello.onebot;
  state.onebotOf = new Map(Object.entries(hello.onebot_of).map(([id, url]) => [Number(id), url]));
  state.textMax = hello.text_max;
  takeWorld(hello);
}

/** Keep a message. Returns "last" when it is the newest, "changed" when it was known, "between". */
export function takeMessage(message) {
  const list = state.messages;
  if (list.length === 0 || list.at(-1).message_id < message.message_id) {
    list.push(message);
    if (list.length > KEEP) list.shift();
    return "last";
  }
  const at = list.findIndex((one) => one.message_id >= message.message_id);
  if (list[at].message_id === message.message_id) {
    list[at] = message;
    return "changed";
  }
  list.splice(at, 0, message);
  return "between";
}

export const findMessage = (id) => state.messages.find((one) => String(one.message_id) === String(id));
export const lastIn = (place) => state.messages.findLast((one) => placeOf(one) === place);
