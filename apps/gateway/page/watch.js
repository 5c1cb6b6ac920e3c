// watch.js - which account the panel looks at: one, or all of them.
// SPDX-License-Identifier: MIT
import { el } from "./dom.js";
import { nickname, state } from "./state.js";
import { t } from "./text.js";

let watched = 0; // 0: all

export const severalAccounts = () => state.accounts.size > 1;

/** Is the entry of an account that is looked at? */
export const isWatched = (entry) => !watched || !state.accounts.has(watched) || entry.self_id === watched;

/** Whose an entry is, where that is in doubt. */
export const whose = (entry) => severalAccounts() && entry.self_id ? nickname(entry.self_id) : "";

/** A list of accounts to choose from, "" without a choice. first: what stands above them. */
export function accountSelect(id, value, choose, first) {
  const option = (of, words) => el("option", { value: of, selected: of === value }, words);
  return el("select", {
    id, "aria-label": t("account"), title: t("account"), hidden: !severalAccounts(),
    onchange: (event) => choose(Number(event.target.value)),
  }, ...(first ? [option(0, first)] : []),
  ...[...state.accounts.keys()].map((one) => option(one, `${nickname(one)} ${one}`)));
}

/** The choice for one of the views; changed() draws both anew. */
export const watchSelect = (id, changed) => accountSelect(id, watched, (account) => {
  watched = account;
  changed();
  document.getElementById(id).focus();
}, t("all_accounts"));
