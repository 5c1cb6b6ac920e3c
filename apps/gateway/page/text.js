// text.js - every word of the page, in Chinese and English.
// SPDX-License-Identifier: MIT

const TEXTS = {
  zh: {
    title: "协 · 模拟 QQ", you_are: "我是", speak_in: "会话", send: "发送", clear: "清空",
    wire: "OneBot 往来", tab_chat: "聊天", tab_wire: "往来", other_language: "EN",
    online: "网关在线", connecting: "正在连接…", offline: "网关断开",
    gone: "网关没有回应，正在重新连接…消息会在恢复后补上。",
    bots: (n) => `${n} 个机器人`, no_bots: "没有机器人",
    no_bot_hint: (url) => `还没有机器人连接。启动一个：xie-bot --url ${url}`,
    members: (n) => `${n} 人`, private_with: (name) => `与${name}私聊`, private_about: "只有你和机器人",
    outside: "不在群里", outside_hint: (name, place) => `${name}不在「${place}」里，只能看，不能说。`,
    placeholder: (name) => `以${name}的身份说…`,
    owner: "群主", admin: "管理员", bot: "机器人", recall: "撤回",
    recalled: (name) => `${name} 撤回了一条消息`, empty: "这里还没有消息。试试下面的命令，或随便说点什么。",
    newer: "↓ 新消息", too_long: (n, max) => `${n} / ${max} 字`, unsent: "没有发出去：",
    everything: "全部", calls: "调用", events: "事件", heartbeats: "心跳",
    nothing_passed: "机器人的调用和收到的事件会出现在这里。",
    connected: "已连接", gone_bot: "已断开", refused: "被拒绝", request: "请求", reply: "回应", event: "事件",
    to: (n) => `发给 ${n} 个`, after_event: "距上一个事件", image: "图片", file: "文件", forgotten: "较早的消息",
  },
  en: {
    title: "xie · simulated QQ", you_are: "You are", speak_in: "Where", send: "Send", clear: "Clear",
    wire: "OneBot traffic", tab_chat: "Chat", tab_wire: "Traffic", other_language: "中文",
    online: "gateway up", connecting: "connecting…", offline: "gateway gone",
    gone: "The gateway does not answer; trying again… What was missed is fetched afterwards.",
    bots: (n) => (n === 1 ? "1 bot" : `${n} bots`), no_bots: "no bot",
    no_bot_hint: (url) => `No bot is connected. Start one: xie-bot --url ${url}`,
    members: (n) => `${n} people`, private_with: (name) => `Private with ${name}`,
    private_about: "only you and the bot",
    outside: "not a member",
    outside_hint: (name, place) => `${name} is not in ${place}: reading only.`,
    placeholder: (name) => `Speak as ${name}…`,
    owner: "owner", admin: "admin", bot: "bot", recall: "Recall",
    recalled: (name) => `${name} recalled a message`,
    empty: "Nothing said here yet. Try a command below, or say anything.",
    newer: "↓ new messages", too_long: (n, max) => `${n} / ${max} characters`, unsent: "Not sent: ",
    everything: "All", calls: "Calls", events: "Events", heartbeats: "Heartbeats",
    nothing_passed: "What bots call and which events they get appears here.",
    connected: "connected", gone_bot: "gone", refused: "refused", request: "request", reply: "reply",
    event: "event", to: (n) => `to ${n}`, after_event: "since the last event", image: "image",
    file: "file", forgotten: "earlier message",
  },
};

function remembered() {
  try {
    return localStorage.getItem("language");
  } catch {
    return null; // storage is forbidden: choose anew each time
  }
}

let language = remembered() ?? (navigator.language.startsWith("zh") ? "zh" : "en");
if (!(language in TEXTS)) language = "zh";

/** A text by name; those that are functions get the arguments. */
export function t(name, ...values) {
  const text = TEXTS[language][name];
  return typeof text === "function" ? text(...values) : text;
}

/** Write the texts into the elements that name theirs by data-t. */
export function applyTexts() {
  document.documentElement.lang = language;
  document.title = t("title");
  for (const element of document.querySelectorAll("[data-t]"))
    element.textContent = t(element.dataset.t);
}

export function switchLanguage() {
  language = language === "zh" ? "en" : "zh";
  try {
    localStorage.setItem("language", language);
  } catch {
    // not remembered then
  }
}

export const timeFormat = () => new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB",
  { hour: "2-digit", minute: "2-digit" });
