// accounts.js - the panel's fourth view: the accounts that bots are, one more, one less.
// SPDX-License-Identifier: MIT
import { announce } from "./announce.js";
import { urlOf } from "./column.js";
import { avatar, byId, el } from "./dom.js";
import { post } from "./live.js";
import { nickname, playable, state } from "./state.js";
import { t } from "./text.js";

function trouble(words) {
  byId("account-problem").hidden = !words;
  byId("account-problem").textContent = words;
}

async function change(body, words) {
  try {
    await post("/api/accounts", body);
    trouble("");
    announce(words);
    return true;
  } catch (error) {
    trouble(error.message);
    return false;
  }
}

function row({ user_id: id, report_self: reports }) {
  const bots = state.botsOf.get(id) ?? 0;
  const name = nickname(id);
  const box = el("input", {
    type: "checkbox", checked: reports, id: `reports-${id}`,
    onchange: (event) => change({ user_id: id, report_self: event.target.checked }, t("done", t("report_self"))),
  });
  const close = id === state.botId ? null : el("button", {
    type: "button", className: "plain", "aria-label": t("close_account_of", name), id: `close-${id}`,
    onclick: () => change({ user_id: id, open: false }, t("done", t("close_account_of", name))),
  }, t("close_account"));
  const item = el("li", { className: "account" }, avatar(id, name),
    el("span", { className: "words" }, el("b", {}, name), el("small", {}, `${id} · ${bots ? t("bots", bots) : t("no_bots")}`)),
    close, el("code", {}, urlOf(id)),
    el("label", { className: "check" }, box, t("report_self")));
  item.dataset.account = id;
  return item;
}

/** Draw the list again without losing the keyboard's place in it. */
export function drawAccounts() {
  const had = document.activeElement?.id;
  byId("accounts").replaceChildren(...[...state.accounts.values()].map(row));
  byId("account-people").replaceChildren(...playable().map((one) =>
    el("option", { value: one.user_id }, one.nickname)));
  if (had && byId("view-accounts").contains(byId(had))) byId(had).focus();
}

export function startAccounts() {
  const number = byId("account-number");
  const name = byId("account-name");
  byId("account-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const id = Number(number.value);
    if (!await change({ user_id: id, nickname: name.value.trim() }, t("account_opened", name.value.trim() || nickname(id))))
      return;
    number.value = "";
    name.value = "";
    number.focus();
  });
}
