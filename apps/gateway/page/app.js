// app.js - the page's beginning: puts the parts together, and takes what the gateway tells.
// SPDX-License-Identifier: MIT
import { drawAccounts, startAccounts } from "./accounts.js";
import { COLUMNS, readAddress, writeAddress } from "./address.js";
import { addMessage, changeMessage, drawChat } from "./chat.js";
import { Column } from "./column.js";
import { byId } from "./dom.js";
import { callPassed, drawFaultAccounts, drawFaults, refreshFaults, startFaults } from "./faults.js";
import { stayConnected } from "./live.js";
import { closeMenu } from "./menu.js";
import { addEntry, clearPanel, drawPanel } from "./panel.js";
import { drawPeople, drawPlaces } from "./places.js";
import {
  accountOf, groupOf, placeOf, placesOf, playable, privatePlace, state, takeHello, takeMessage, takeWorld,
} from "./state.js";
import { drawRow, startTabs } from "./tabs.js";
import { applyTexts, switchLanguage, t } from "./text.js";
import { addToTimeline, clearTimeline, drawTimeline } from "./timeline.js";

const FIRST = { me: 10001, place: "g20001" };

let ready = false; // the past has been told; from now on it is news

const active = () => state.columns[state.active];

// --- the columns -------------------------------------------------------------------------

function remember() {
  history.replaceState(null, "", writeAddress(state.columns));
}

const on = {
  choose(column) {
    remember();
    drawColumn(column);
    drawSide();
  },
  activate(column) {
    const number = state.columns.indexOf(column);
    if (number < 0 || number === state.active) return;
    state.active = number;
    markActive();
    drawSide();
  },
  /** Another beside it: of a private talk the same person with the next account, as far as there
   * is one; else the next person, in the same group. */
  open({ me, place }) {
    const shown = new Set(state.columns.map((one) => one.place));
    const other = groupOf(place) ? undefined : [...state.accounts.keys()].map((one) => privatePlace(me, one))
      .find((one) => !shown.has(one));
    const used = new Set(state.columns.map((one) => one.me));
    const next = other ? me : playable().find((one) => !used.has(one.user_id))?.user_id ?? me;
    const where = other ?? (groupOf(place) ? place : privatePlace(next, accountOf(place)));
    setColumns([...state.columns, new Column({ me: next, place: where }, on)], state.columns.length);
    remember();
    active().parts.who.focus();
  },
  close(column) {
    setColumns(state.columns.filter((one) => one !== column), 0);
    remember();
    active().parts.text.focus();
  },
};

function setColumns(columns, number) {
  closeMenu();
  state.columns = columns;
  state.active = Math.min(number, columns.length - 1);
  byId("columns").replaceChildren(...columns.map((column, i) => column.build(i)));
  document.body.dataset.columns = columns.length;
  drawColumns();
}

/** What the address says, as far as there are such people and places. */
function readColumns() {
  const people = new Set(playable().map((one) => one.user_id));
  const good = readAddress(location.hash).filter(({ me, place }) =>
    people.size === 0 || (people.has(me) && placesOf(me).includes(place)));
  const list = good.length ? good : [FIRST];
  if (writeAddress(list) === writeAddress(state.columns)) return;
  setColumns(list.map((one) => new Column(one, on)), state.active);
}

function markActive() {
  for (const column of state.columns) column.root.classList.toggle("active", column === active());
  drawRow(on.activate);
}

function drawSide() {
  drawPeople(active(), (user) => active().beSomebody(user));
  drawPlaces(active(), (place) => active().go(place));
}

function drawColumn(column) {
  state.unread.delete(column.place);
  column.draw();
  drawRow(on.activate);
}

function drawColumns() {
  for (const column of state.columns) {
    drawColumn(column);
    column.parts.more.hidden = state.columns.length >= COLUMNS;
  }
  markActive();
  drawSide();
}

// --- the whole ---------------------------------------------------------------------------

function drawStatus() {
  const link = byId("link");
  link.textContent = t(state.link);
  link.dataset.state = state.link;
  const bots = byId("bots");
  bots.textContent = state.bots ? t("bots", state.bots) : t("no_bots");
  bots.dataset.state = state.bots ? "online" : "none";
  bots.hidden = state.link !== "online";
  byId("banner").hidden = state.link !== "offline";
  byId("banner").textContent = t("gone");
  for (const column of state.columns) {
    column.drawHint();
    column.composer.draw();
  }
}

function drawAll() {
  applyTexts(document);
  byId("language").textContent = t("other_language");
  for (const column of state.columns) applyTexts(column.root);
  drawColumns();
  drawStatus();
  drawPanel();
  drawTimeline();
  drawFaults();
  drawAccounts();
}

/** Who is an account now is nobody to be; a talk with one that is none any more cannot go on. */
function moveOn() {
  const people = new Set(playable().map((one) => one.user_id));
  const before = writeAddress(state.columns);
  for (const column of state.columns) {
    if (!people.has(column.me)) column.me = [...people][0] ?? column.me;
    if (!placesOf(column.me).includes(column.place)) column.place = privatePlace(column.me, state.botId);
  }
  if (writeAddress(state.columns) !== before) remember();
}

let accountsSeen = "";

/** When other accounts are there than before. */
function accountsChanged() {
  const now = JSON.stringify([...state.accounts.keys()]);
  if (now === accountsSeen) return;
  accountsSeen = now;
  moveOn();
  drawColumns();
  drawPanel();
  drawTimeline();
  drawFaultAccounts();
  refreshFaults();
}

function showMessage(message) {
  const how = takeMessage(message);
  const place = placeOf(message);
  if (!ready) return;
  const shown = state.columns.filter((column) => column.place === place);
  for (const column of shown) {
    if (how === "last") addMessage(column, message);
    else if (how === "changed") changeMessage(column, message);
    else drawChat(column);
  }
  if (shown.length === 0 && how === "last" && message.user_id !== active().me)
    state.unread.set(place, (state.unread.get(place) ?? 0) + 1);
  drawPlaces(active(), (chosen) => active().go(chosen));
}

function takeTraffic(entry) {
  addEntry(entry);
  addToTimeline(entry);
}

const TAKE = {
  hello(frame) {
    if (frame.run !== state.run) {
      clearPanel(true);
      clearTimeline(true);
    }
    takeHello(frame);
    ready = false;
    state.link = "online";
  },
  message: showMessage,
  call(frame) {
    takeTraffic(frame);
    if (ready) callPassed();
  },
  event: takeTraffic,
  bot(frame) {
    takeTraffic(frame);
    if (frame.seq < state.seq) return; // of the past: hello has told how many there are
    state.bots = frame.bots;
    state.botsOf.set(frame.self_id, frame.own_bots);
    drawStatus();
    drawAccounts();
  },
  world(frame) {
    takeWorld(frame);
    if (!ready) return;
    closeMenu();
    for (const column of state.columns) {
      column.drawHead();
      column.composer.draw();
    }
    drawSide();
    drawRow(on.activate);
    drawAccounts();
    accountsChanged();
  },
  ready() {
    ready = true;
    accountsSeen = JSON.stringify([...state.accounts.keys()]);
    readColumns();
    moveOn();
    drawAll();
    refreshFaults();
  },
};

function startButtons() {
  byId("language").addEventListener("click", () => {
    switchLanguage();
    drawAll();
  });
  byId("clear").addEventListener("click", () => {
    clearPanel(false);
    clearTimeline(false);
  });
  addEventListener("resize", () => state.columns.forEach((column) => column.composer.draw()));
  addEventListener("hashchange", readColumns);
  startFaults();
  startAccounts();
  startTabs((name) => ({ timeline: drawTimeline, faults: refreshFaults, wire: drawPanel, accounts: drawAccounts })[name]());
}

startButtons();
readColumns();
drawAll();
stayConnected((frame) => TAKE[frame.kind]?.(frame), (link) => {
  state.link = link;
  drawStatus();
});
