// compose.js - the line to write in: text, pictures from the disk, whom one answers or calls.
// SPDX-License-Identifier: MIT
import { el } from "./dom.js";
import { post } from "./live.js";
import { imageOf, readImage } from "./media.js";
import { groupOf, maySpeak, nameIn, peerOf, state } from "./state.js";
import { t } from "./text.js";

const COMMANDS = ["/help", "/whoami", "/both", "/quiz", "/remind 5 喝茶 🍵"];
const IMAGES = 4; // in one message
const IMAGE_BYTES = 300 * 1024; // all of them: about what one message may have

export class Composer {
  constructor(column) {
    this.column = column;
    this.text = "";
    this.forget();
  }

  /** Nobody is answered or called any more, no picture waits. */
  forget() {
    this.reply = null;
    this.images = []; // {src: "base64://…", name, size}
    this.names = new Map(); // "@name" -> user
  }

  build() {
    const { parts } = this.column;
    const field = parts.text;
    field.value = this.text;
    parts.commands.replaceChildren(...COMMANDS.map((command) => el("button", {
      type: "button", className: "chip-button", onclick: () => this.say({ text: command }),
    }, command)));
    parts.composer.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    field.addEventListener("input", () => this.draw());
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.reply) this.replyTo(null);
      // While a word is composed (Chinese input), Enter chooses it and sends nothing.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.send();
    });
    parts.picture.addEventListener("click", () => parts.file.click());
    parts.file.addEventListener("change", () => this.add(parts.file.files));
    field.addEventListener("paste", (event) => {
      if (event.clipboardData.files.length) event.preventDefault();
      this.add(event.clipboardData.files);
    });
    parts.composer.addEventListener("dragover", (event) => event.preventDefault());
    parts.composer.addEventListener("drop", (event) => {
      event.preventDefault();
      this.add(event.dataTransfer.files);
    });
  }

  /** Take pictures from the disk, as far as there is room for them. */
  async add(files) {
    const { column } = this;
    for (const file of [...files]) {
      try {
        const used = this.images.reduce((sum, one) => sum + one.size, 0);
        if (this.images.length >= IMAGES) throw new Error(t("images_full", IMAGES));
        const src = await readImage(file, IMAGE_BYTES - used);
        this.images.push({ src, name: file.name, size: file.size });
        column.problem("");
      } catch (error) {
        column.problem(error.message);
      }
    }
    column.parts.file.value = "";
    this.draw();
  }

  mention(user) {
    const field = this.column.parts.text;
    const name = `@${nameIn(user, this.column.place)} `;
    this.names.set(name, user);
    field.setRangeText(name, field.selectionStart, field.selectionEnd, "end");
    this.draw();
    field.focus();
  }

  replyTo(message) {
    this.reply = message;
    this.draw();
    this.column.parts.text.focus();
  }

  /** The text as segments; a name that was chosen becomes an at. */
  segments(text) {
    const list = this.reply ? [{ type: "reply", data: { id: String(this.reply.message_id) } }] : [];
    let rest = text;
    while (rest) {
      const found = [...this.names].map(([name, user]) => ({ name, user, at: rest.indexOf(name) }))
        .filter((one) => one.at >= 0).sort((a, b) => a.at - b.at || b.name.length - a.name.length)[0];
      const before = found ? rest.slice(0, found.at) : rest;
      if (before) list.push({ type: "text", data: { text: before } });
      if (found) list.push({ type: "at", data: { qq: String(found.user) } });
      rest = found ? rest.slice(found.at + found.name.length) : "";
    }
    return [...list, ...this.images.map((one) => ({ type: "image", data: { file: one.src } }))];
  }

  async say(what) {
    const { column } = this;
    const group = groupOf(column.place);
    try {
      const where = group ? { group_id: group.group_id } : { target_id: peerOf(column.place, column.me) };
      await post("/api/say", { user_id: column.me, ...where, ...what });
      column.problem("");
      return true;
    } catch (error) {
      column.problem(t("unsent") + error.message);
      return false;
    }
  }

  async send() {
    const { text: field, send } = this.column.parts;
    if (send.disabled) return;
    const before = { reply: this.reply, images: this.images, names: this.names };
    const text = field.value;
    const rich = this.reply || this.images.length || [...this.names.keys()].some((name) => text.includes(name));
    const what = rich ? { message: this.segments(text) } : { text };
    field.value = "";
    this.forget();
    this.draw();
    if (!await this.say(what) && !field.value) {
      field.value = text;
      Object.assign(this, before);
    }
    this.draw();
  }

  /** What goes with the text: whom it answers, the pictures; each can be taken away. */
  drawExtras() {
    const { extras } = this.column.parts;
    const without = (label, text, take, image) => el("span", { className: "extra" }, image,
      el("span", {}, text), el("button", { type: "button", "aria-label": label, title: label, onclick: take }, "×"));
    const { reply, images } = this;
    const quote = reply && without(t("no_answer"), `↩ ${nameIn(reply.user_id, this.column.place)}: ${reply.text}`,
      () => this.replyTo(null), null);
    extras.replaceChildren(...(quote ? [quote] : []), ...images.map((one) => without(t("no_picture"), one.name, () => {
      this.images = this.images.filter((other) => other !== one);
      this.draw();
    }, imageOf({ file: one.src }))));
    extras.hidden = extras.childElementCount === 0;
  }

  draw() {
    const { parts, me, place } = this.column;
    const { text: field, count, send, picture, commands } = parts;
    const may = maySpeak(me, place);
    const online = state.link === "online";
    field.placeholder = t("placeholder", nameIn(me, place));
    field.setAttribute("aria-label", field.placeholder);
    field.disabled = !may;
    this.text = field.value;
    const length = [...field.value].length;
    count.textContent = length > state.textMax - 500 ? t("too_long", length, state.textMax) : "";
    count.classList.toggle("over", length > state.textMax);
    send.disabled = !may || !(field.value.trim() || this.images.length) || length > state.textMax || !online;
    picture.disabled = !may;
    for (const button of commands.children) button.disabled = !may || !online;
    field.style.height = ""; // back to one line, then as high as what was written
    if (field.value) field.style.height = `${field.scrollHeight + 2}px`;
    this.drawExtras();
  }
}
