// app.js - the page's beginning: puts the parts together and answers what the person does.
// SPDX-License-Identifier: MIT
import { addMessage, changeMessage, drawChat } from "./chat.js";
import { atEnd, byId, el } from "./dom.js";
import { post, stayConnected } from "./live.js";
import { addEntry, clearPanel, drawPanel } from "./panel.js";
import { drawPeople, drawPlaces, placeName } from "./places.js";
import { groupOf, mayspeak, myPlaces, nameIn, nickname, placeOf, state, takeHello, takeMessage } from "./state.js";
import { applyTexts, switchLanguage, t } from "./text.js";

const COMMANDS = ["/help", "/whoami", "/both", "/quiz", "/remind 5 喝茶 🍵"];

let ready = false; // the past has been told; from now on it is news

function drawHead() {
  const group = groupOf(state.place);
  byId("chat-title").textContent = placeName(state.place);
  byId("chat-about").textContent = group
    ? `${group.group_id} · ${t("members", group.members.size)}` : t("private_about");
}

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
  const outside = !mayspeak(state.me, state.place);
  const hint = byId("no-bot");
  hint.hidden = !(outside || (state.bots === 0 && state.link === "online"));
  hint.textContent = outside ? t("outside_hint", nickname(state.me), placeName(state.place))
    : t("no_bot_hint", state.onebot);
}

function drawComposer() {
  const may = mayspeak(state.me, state.place);
  const text = byId("text");
  const name = nameIn(state.me, state.place);
  text.placeholder = t("placeholder", name);
  text.setAttribute("aria-label", text.placeholder);
  text.disabled = !may;
  const length = [...text.value].length;
  byId("count").textContent = length > state.textMax - 500 ? t("too_long", length, state.textMax) : "";
  byId("count").classList.toggle("over", length > state.textMax);
  byId("send").disabled = !may || !text.value.trim() || length > state.textMax || state.link !== "online";
  for (const button of byId("commands").children) button.disabled = !may || state.link !== "online";
  text.style.height = ""; // back to one line, then as high as what was written
  if (text.value) text.style.height = `${text.scrollHeight + 2}px`;
}

function drawPlace() {
  state.unread.delete(state.place);
  drawPlaces(choosePlace);
  drawHead();
  drawStatus();
  drawComposer();
  drawChat(recall);
}

function drawAll() {
  applyTexts();
  byId("language").textContent = t("other_language");
  byId("newer").textContent = t("newer");
  drawPeople(chooseMe);
  drawPlace();
  drawPanel();
}

function choosePlace(place) {
  state.place = place;
  problem("");
  drawPlace();
}

function chooseMe(user) {
  const wasPrivate = !groupOf(state.place);
  state.me = user;
  if (wasPrivate || !myPlaces().includes(state.place)) state.place = `p${user}`;
  problem("");
  drawPlace();
}

function problem(words) {
  byId("problem").hidden = !words;
  byId("problem").textContent = words;
}

async function say(text) {
  const group = groupOf(state.place);
  try {
    await post("/api/say", { user_id: state.me, ...(group && { group_id: group.group_id }), text });
    problem("");
    return true;
  } catch (error) {
    problem(t("unsent") + error.message);
    return false;
  }
}

async function sendDraft() {
  const field = byId("text");
  const draft = field.value;
  if (byId("send").disabled) return;
  field.value = "";
  drawComposer();
  if (!await say(draft) && !field.value) field.value = draft;
  drawComposer();
}

async function recall(id) {
  try {
    await post("/api/recall", { user_id: state.me, message_id: id });
  } catch (error) {
    problem(error.message);
  }
}

function showMessage(message) {
  const how = takeMessage(message);
  const place = placeOf(message);
  if (!ready) return;
  if (place !== state.place) {
    if (how === "last" && message.user_id !== state.me)
      state.unread.set(place, (state.unread.get(place) ?? 0) + 1);
  } else if (how === "last") {
    addMessage(message, recall);
  } else if (how === "changed") {
    changeMessage(message, recall);
  } else {
    drawChat(recall);
  }
  drawPlaces(choosePlace);
}

const TAKE = {
  hello(frame) {
    if (frame.run !== state.run) clearPanel(true);
    takeHello(frame);
    ready = false;
    state.link = "online";
  },
  message: showMessage,
  call: addEntry,
  event: addEntry,
  bot(frame) {
    addEntry(frame);
    if (frame.seq < state.seq) return; // of the past: hello has told how many there are
    state.bots = frame.bots;
    drawStatus();
  },
  ready() {
    ready = true;
    drawAll();
  },
};

function startComposer() {
  byId("commands").replaceChildren(...COMMANDS.map((command) => el("button", {
    type: "button", className: "chip-button", onclick: () => say(command),
  }, command)));
  byId("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    sendDraft();
  });
  byId("text").addEventListener("input", drawComposer);
  addEventListener("resize", drawComposer);
  byId("text").addEventListener("keydown", (event) => {
    // While a word is composed (Chinese input), Enter chooses it and sends nothing.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    sendDraft();
  });
}

function startButtons() {
  byId("language").addEventListener("click", () => {
    switchLanguage();
    drawAll();
  });
  byId("clear").addEventListener("click", () => clearPanel(false));
  byId("newer").addEventListener("click", () => {
    byId("log").scrollTop = byId("log").scrollHeight;
  });
  byId("log").addEventListener("scroll", () => {
    if (atEnd(byId("log"))) byId("newer").hidden = true;
  });
  for (const button of document.querySelectorAll("[data-show]")) {
    button.addEventListener("click", () => {
      document.body.dataset.view = button.dataset.show;
      for (const other of document.querySelectorAll("[data-show]"))
        other.setAttribute("aria-pressed", String(other === button));
    });
  }
}

startComposer();
startButtons();
drawAll();
stayConnected((frame) => TAKE[frame.kind]?.(frame), (link) => {
  state.link = link;
  drawStatus();
  drawComposer();
});
