// column.js - one column: somebody in a place, what was said there, the line to write in.
// SPDX-License-Identifier: MIT
import { memberItems, memberList, personItems } from "./acts.js";
import { announce } from "./announce.js";
import { drawChat } from "./chat.js";
import { Composer } from "./compose.js";
import { atEnd, byId, el } from "./dom.js";
import { post } from "./live.js";
import { openMenu } from "./menu.js";
import { placeName } from "./places.js";
import {
  accountOf, groupOf, maySpeak, nameIn, nickname, placesOf, playable, privatePlace, state,
} from "./state.js";
import { applyTexts, t } from "./text.js";

const NAMES = ["aria-describedby", "aria-labelledby"];

/** The template's elements, each by its name; ids get the column's number but in the first. */
function partsOf(number) {
  const root = byId("column").content.firstElementChild.cloneNode(true);
  const named = (name) => number ? `${name}-${number}` : name;
  const parts = {};
  for (const element of root.querySelectorAll("[data-part]")) {
    parts[element.dataset.part] = element;
    element.id = named(element.dataset.part);
  }
  for (const element of [root, ...root.querySelectorAll("*")]) {
    for (const name of NAMES)
      if (element.hasAttribute(name)) element.setAttribute(name, named(element.getAttribute(name)));
  }
  return { root, parts };
}

/** Where the bots of an account connect; "": nowhere. */
export const urlOf = (account) => !state.onebot ? state.onebotOf.get(account) ?? ""
  : account === state.botId ? state.onebot : `${state.onebot}/${account}`;

const option = (value, text, selected) => el("option", { value, selected }, text);

export class Column {
  /** on: {choose(column), activate(column), close(column), open()} */
  constructor({ me, place }, on) {
    Object.assign(this, { me, place, on });
    this.composer = new Composer(this);
  }

  /** Make its elements; what was being written stays. */
  build(number) {
    Object.assign(this, { number }, partsOf(number));
    this.root.dataset.column = number;
    applyTexts(this.root);
    this.listen();
    this.composer.build();
    return this.root;
  }

  listen() {
    const { parts, on } = this;
    this.root.addEventListener("focusin", () => on.activate(this));
    this.root.addEventListener("pointerdown", () => on.activate(this));
    parts.who.addEventListener("change", () => this.beSomebody(Number(parts.who.value)));
    parts.where.addEventListener("change", () => this.go(parts.where.value));
    parts.more.addEventListener("click", () => on.open(this));
    parts.close.addEventListener("click", () => on.close(this));
    parts.acts.addEventListener("click", () => openMenu(parts.acts, nickname(this.me), personItems(this)));
    parts["chat-about"].addEventListener("click", () => openMenu(parts["chat-about"], t("member_list"),
      memberList(this, (user) => openMenu(parts.acts, nameIn(user, this.place), memberItems(this, user)))));
    parts.newer.addEventListener("click", () => { parts.log.scrollTop = parts.log.scrollHeight; });
    parts.log.addEventListener("scroll", () => { if (atEnd(parts.log)) parts.newer.hidden = true; });
  }

  beSomebody(user) {
    this.me = user;
    if (!groupOf(this.place)) this.place = privatePlace(user, accountOf(this.place));
    this.problem("");
    this.composer.forget();
    this.on.choose(this);
  }

  go(place) {
    this.place = place;
    this.problem("");
    this.composer.forget();
    this.on.choose(this);
  }

  problem(words) {
    this.parts.problem.hidden = !words;
    this.parts.problem.textContent = words;
  }

  done(words) {
    this.problem("");
    announce(words);
  }

  mention(user) { this.composer.mention(user); }

  replyTo(message) { this.composer.replyTo(message); }

  async recall(id) {
    try {
      await post("/api/recall", { user_id: this.me, message_id: id });
    } catch (error) {
      this.problem(error.message);
    }
  }

  drawHead() {
    const { parts, me, place } = this;
    const group = groupOf(place);
    parts["chat-title"].textContent = placeName(place);
    parts["chat-about"].textContent = group ? `${group.group_id} · ${t("members", group.members.size)}` : t("private_about");
    parts.who.replaceChildren(...playable().map((one) => option(one.user_id, one.nickname, one.user_id === me)));
    parts.where.replaceChildren(...placesOf(me).map((one) => option(one, placeName(one), one === place)));
    parts.close.hidden = state.columns.length < 2;
    this.drawHint();
  }

  drawHint() {
    const { me, place } = this;
    const outside = !maySpeak(me, place);
    const hint = this.parts["no-bot"];
    const account = groupOf(place) ? [...state.accounts.keys()].find(urlOf) ?? state.botId : accountOf(place);
    const bots = groupOf(place) ? state.bots : state.botsOf.get(account) ?? 0;
    hint.hidden = !(outside || (bots === 0 && state.link === "online" && urlOf(account)));
    hint.textContent = !outside ? t("no_bot_hint", urlOf(account))
      : t(groupOf(place) ? "outside_hint" : "stranger_hint", nickname(me), placeName(place));
  }

  draw() {
    this.drawHead();
    this.composer.draw();
    drawChat(this);
  }
}
