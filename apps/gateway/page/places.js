// places.js - the left side: who the active column is and where it speaks, as native radio buttons.
// SPDX-License-Identifier: MIT
import { avatar, byId, el } from "./dom.js";
import { accountOf, groupOf, lastIn, maySpeak, nameIn, nickname, placesOf, playable, state } from "./state.js";
import { t } from "./text.js";

function choice(name, value, checked, choose, ...children) {
  const input = el("input", { type: "radio", name, value, checked, onchange: () => choose(value) });
  return el("label", { className: "choice" }, input, ...children);
}

export const placeName = (place) =>
  groupOf(place)?.name ?? t("private_with", nickname(accountOf(place)));

function preview(place) {
  const last = lastIn(place);
  if (!last) return groupOf(place) ? t("members", groupOf(place).members.size) : t("private_about");
  const name = nameIn(last.user_id, place);
  return last.recalled ? t("recalled", name) : `${name}: ${last.text.replace(/\s+/g, " ")}`;
}

function placeChoice(column, place, choose) {
  const name = placeName(place);
  const icon = avatar(groupOf(place)?.group_id ?? accountOf(place),
    groupOf(place)?.name ?? nickname(accountOf(place)));
  if (groupOf(place)) icon.classList.add("square");
  const unread = state.unread.get(place) ?? 0;
  const label = choice("place", place, place === column.place, choose, icon,
    el("span", { className: "words" },
      el("b", {}, name), el("small", {}, preview(place))),
    unread ? el("span", { className: "badge" }, unread > 99 ? "99+" : String(unread)) : null,
    maySpeak(column.me, place) ? null : el("span", { className: "tag" }, t("outside")));
  label.dataset.place = place;
  return label;
}

/** Draw into a radio group again without losing the keyboard's place in it. */
function replace(box, labels) {
  const had = box.contains(document.activeElement);
  box.replaceChildren(...labels);
  const chosen = box.querySelector("input:checked")?.parentElement;
  chosen?.scrollIntoView({ block: "nearest", inline: "nearest" }); // in a row on phones
  if (had) box.querySelector("input:checked")?.focus({ preventScroll: true });
}

export function drawPeople(column, choose) {
  replace(byId("people"), playable().map((person) => {
    const label = choice("me", String(person.user_id), person.user_id === column.me,
      (value) => choose(Number(value)), avatar(person.user_id, person.nickname),
      el("span", { className: "words" }, el("b", {}, person.nickname),
        el("small", {}, String(person.user_id))));
    label.title = String(person.user_id);
    return label;
  }));
}

export function drawPlaces(column, choose) {
  replace(byId("places"), placesOf(column.me).map((place) => placeChoice(column, place, choose)));
}
