// state.js - what the page knows. Places are "g20001" (a group) and "p10003" (a person's
// private talk with the bot). Messages are kept in the order of their ids, each once.
// SPDX-License-Identifier: MIT

const KEEP = 2000; // messages in memory, of all places

export const state = {
  run: null, // which run of the gateway this is
  seq: 0, // traffic from this number on is news
  link: "connecting", // or "online", "offline"
  bots: 0,
  botId: 10000,
  onebot: "",
  textMax: 4500,
  people: new Map(), // id -> {user_id, nickname}
  groups: new Map(), // id -> {group_id, name, members: Map}
  messages: [], // by id
  unread: new Map(), // place -> count
  columns: [], // what is shown side by side: see column.js
  active: 0, // which of them the left side and the tabs belong to
};

export const placeOf = (message) =>
  message.group_id ? `g${message.group_id}` : `p${message.peer_id}`;

export const groupOf = (place) =>
  place.startsWith("g") ? state.groups.get(Number(place.slice(1))) : undefined;

/** May this person speak there? */
export function maySpeak(user, place) {
  const group = groupOf(place);
  return group ? group.members.has(user) : state.people.get(user)?.friend ?? true;
}

export const nickname = (user) => state.people.get(user)?.nickname ?? String(user);

/** How somebody is called in a place. */
export const nameIn = (user, place) =>
  groupOf(place)?.members.get(user)?.card || nickname(user);

/** The places that a person has, in the order shown. */
export const placesOf = (user) => [...[...state.groups.keys()].map((id) => `g${id}`), `p${user}`];

/** Everyone whom one may be. */
export const playable = () => [...state.people.values()].filter((one) => one.user_id !== state.botId);

/** Take what the world is like now. */
export function takeWorld(world) {
  state.people = new Map(world.people.map((person) => [person.user_id, person]));
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
  state.botId = hello.bot_id;
  state.onebot = hello.onebot;
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
