// acts.js - what one may do to a member, to a message and to the bot, as menus.
// SPDX-License-Identifier: MIT
import { post } from "./live.js";
import { accountOf, groupOf, isAccount, nameIn, nickname, state } from "./state.js";
import { t } from "./text.js";

const RANK = { member: 0, admin: 1, owner: 2 };
const MUTE_S = 600;

const roleIn = (group, user) => RANK[group?.members.get(user)?.role] ?? -1;
const seconds = () => Date.now() / 1000;

/** Do it in the name of the column's person; what the gateway says against it is shown there. */
async function act(column, label, action, params) {
  try {
    await post("/api/act", { user_id: column.me, action, params });
    column.done(t("done", t(label)));
  } catch (error) {
    column.problem(error.message);
  }
}

/** One line of a menu. The gateway decides; what it would refuse by rank is only greyed. */
const line = (column, label, action, params, more = {}) =>
  ({ label: t(label), run: () => act(column, label, action, params), ...more });

/** The same that is done to an account, which is named where there are several. */
const toAccount = (account, item) =>
  state.accounts.size > 1 ? { ...item, note: nickname(account) } : item;

function mutes(column, group, user, may) {
  const muted = group.members.get(user)?.muted_until > seconds();
  const to = { group_id: group.group_id, user_id: user };
  return muted ? line(column, "unmute", "set_group_ban", { ...to, duration: 0 }, { disabled: !may })
    : line(column, "mute", "set_group_ban", { ...to, duration: MUTE_S }, { disabled: !may });
}

function rankLines(column, group, user) {
  const mine = roleIn(group, column.me);
  const theirs = roleIn(group, user);
  const may = mine >= RANK.admin && mine > theirs;
  const to = { group_id: group.group_id, user_id: user };
  const owner = mine === RANK.owner && theirs < RANK.owner;
  return [null, mutes(column, group, user, may),
    line(column, theirs === RANK.admin ? "no_admin" : "make_admin", "set_group_admin",
      { ...to, enable: theirs !== RANK.admin }, { disabled: !owner }),
    line(column, "kick", "set_group_kick", to, { disabled: !may, danger: true })];
}

/** What may be done to somebody in the place of the column. */
export function memberItems(column, user) {
  const group = groupOf(column.place);
  const inside = group?.members.has(user);
  const poke = group ? { group_id: group.group_id, target_id: user } : { target_id: user };
  const own = user === column.me;
  return [
    inside ? { label: t("mention"), run: () => column.mention(user), disabled: own } : undefined,
    line(column, "poke", "send_poke", poke, { disabled: group ? !inside : own }),
    ...(inside && !own ? rankLines(column, group, user) : []),
  ].filter((one) => one !== undefined);
}

/** What may be done with a message. */
export function messageItems(column, message) {
  const id = message.message_id;
  const group = groupOf(column.place);
  const may = roleIn(group, column.me) >= RANK.admin;
  const others = group ? [
    line(column, "like", "set_msg_emoji_like", { message_id: id, emoji_id: "76" }),
    line(column, "essence", "set_essence_msg", { message_id: id }, { disabled: !may }),
    line(column, "no_essence", "delete_essence_msg", { message_id: id }, { disabled: !may }),
  ] : [];
  return [{ label: t("answer"), run: () => column.replyTo(message) }, ...others, null,
    ...memberItems(column, message.user_id)];
}

function groupItems(column, group) {
  const to = { group_id: group.group_id };
  const role = roleIn(group, column.me);
  const invite = (account) => toAccount(account, line(column, "invite_bot", "invite_to_group",
    { ...to, account_id: account }, { disabled: group.members.has(account) }));
  if (role < 0) return [line(column, "join", "join_group", { ...to, comment: t("join_words") })];
  return [
    ...[...state.accounts.keys()].map(invite),
    line(column, group.muted ? "unmute_all" : "mute_all", "set_group_whole_ban", { ...to, enable: !group.muted },
      { disabled: role < RANK.admin }),
    line(column, "honor", "honor", { ...to, honor_type: "talkative" }),
    line(column, "lucky_king", "lucky_king", { ...to, target_id: column.me }),
    null,
    line(column, "leave", "set_group_leave", to, { danger: true, disabled: role === RANK.owner }),
    role === RANK.owner ? line(column, "dismiss", "set_group_leave", { ...to, is_dismiss: true }, { danger: true }) : undefined,
  ].filter((one) => one !== undefined);
}

/** What the column's person may do with the place, and with the bot. */
export function personItems(column) {
  const group = groupOf(column.place);
  const accounts = group ? [...state.accounts.keys()] : [accountOf(column.place)];
  const poke = (account) => toAccount(account, line(column, "poke_bot", "send_poke",
    { ...(group && { group_id: group.group_id }), target_id: account },
    { disabled: group && !(group.members.has(account) && group.members.has(column.me)) }));
  const friend = (account) => toAccount(account, state.accounts.get(account)?.friends.has(column.me)
    ? line(column, "delete_friend", "delete_friend", { account_id: account }, { danger: true })
    : line(column, "add_friend", "add_friend", { account_id: account, comment: t("friend_words") }));
  return [...accounts.map(poke), ...accounts.map(friend), ...(group ? [null, ...groupItems(column, group)] : [])];
}

/** The members of the place; each opens a menu of its own. */
export function memberList(column, openOne) {
  const place = column.place;
  const users = groupOf(place) ? [...groupOf(place).members.values()] : [{ user_id: accountOf(place) }];
  return users.map((member) => ({
    label: nameIn(member.user_id, place),
    note: [isAccount(member.user_id) ? t("bot") : nickname(member.user_id),
      member.role && member.role !== "member" ? t(member.role) : "",
      member.muted_until > seconds() ? t("muted") : ""].filter(Boolean).join(" · "),
    run: () => openOne(member.user_id),
  }));
}
