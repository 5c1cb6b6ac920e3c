// text.js - every word of the page, in Chinese and English.
// SPDX-License-Identifier: MIT

export const TEXTS = {
  zh: {
    title: "协 · 模拟 QQ", you_are: "我是", speak_in: "会话", send: "发送", clear: "清空",
    wire: "往来", tab_chat: "聊天", tab_wire: "调试", other_language: "EN",
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
    stranger_hint: (name) => `${name}还不是机器人的好友，不能私聊。在「⋯」里申请加好友。`,
    aside: "身份与会话", views: "视图", anonymous: "匿名", everybody: "全体成员", muted: "禁言中",
    message_of: (name) => `${name}的消息`, more: "更多", more_of: (name) => `对${name}这条消息做更多`,
    acts_on: (name) => `对${name}做…`, answer: "回复", answer_to: (name) => `回复${name}`,
    open_column: "再开一栏", close_column: "关闭这一栏", acts: "你能做的事", member_list: "成员",
    // pictures and the like
    record: "语音", video: "视频", forward: "合并转发", face: (id) => `表情 ${id}`, shake: "窗口抖动",
    quoted: (text) => `回复的消息：${text}`, unreadable: "无法显示", no_image: "这不是能显示的图片",
    image_too_big: (size, most) => `图片有 ${size} KB，还能放 ${most} KB`, images_full: (n) => `一条消息最多 ${n} 张图片`,
    add_picture: "添加图片", no_picture: "去掉这张图片", no_answer: "不再回复",
    // acts
    done: (what) => `已做：${what}`, mention: "@ 提到", poke: "戳一戳", poke_bot: "戳一戳机器人", mute: "禁言 10 分钟", unmute: "解除禁言",
    mute_all: "全员禁言", unmute_all: "解除全员禁言", kick: "移出群", make_admin: "设为管理员", no_admin: "取消管理员",
    like: "贴表情 👍", essence: "设为精华", no_essence: "取消精华", invite_bot: "邀请机器人进群", join: "申请进群",
    join_words: "我想加入", leave: "退群", dismiss: "解散群", add_friend: "申请加机器人好友", friend_words: "你好，加个好友",
    delete_friend: "删除机器人好友", honor: "获得「龙王」", lucky_king: "成为运气王",
    // the time line
    timeline: "时间线", bot_connected: (n) => `机器人 ${n} 连上了`, by_itself: "机器人自己做的", in_private: "私聊",
    bot_number: (n) => `机器人 ${n}`, calls_in: (n, time) => `${n} 次调用 · ${time}`, no_reaction: "没有反应",
    unanswered: "没有回应", after_start: "距事件", took: "用时", filter_words: "筛选：人、话、动作…",
    answered: "有反应", failures: "有失败", nothing_fits: "没有符合的。",
    nothing_happened: "每个事件之后机器人做了什么、花了多久，会出现在这里。",
    // faults
    faults: "故障", clear_faults: "全部恢复正常", no_faults: "一切正常", faults_set: (n) => `${n} 个故障生效中`, off: "关",
    every_call: "每一次", next_calls: (n) => `接下来 ${n} 次`, after_ms: (n) => n < 1000 ? `${n} 毫秒` : `${n / 1000} 秒`,
    replies: (n) => `${n} 个一组`, only_these: "只针对",
    fault_delay_ms: "回应迟到", about_delay_ms: "每个调用都照做，但回应晚到。看你的机器人会不会超时、堆积。",
    fault_drop: "回应丢失", about_drop: "调用照做了，回应永远不来。看你的机器人会不会一直等。",
    fault_disconnect: "断线", about_disconnect: "调用照做了，但回应之前连接就断了。看你的机器人会不会重连、重复发送。",
    fault_refuse: "调用失败", about_refuse: "调用不做，返回失败和下面的 retcode。",
    fault_risk: "风控", about_risk: "消息发出去了，却返回失败（1200），像被风控时那样。",
    fault_reorder: "回应乱序", about_reorder: "回应攒够一组再倒着送出，最多攒一秒。看你的机器人是否按 echo 对应。",
    fault_missing_echo: "回应没有 echo", about_missing_echo: "有的实现会漏掉 echo。",
    fault_empty_echo: "回应的 echo 是空的", about_empty_echo: "NapCat 有时会这样。",
    fault_string_ids: "编号是字符串", about_string_ids: "user_id、group_id、message_id 等以字符串给出，有的实现如此。",
    fault_duplicate_events: "事件重复", about_duplicate_events: "每个事件来两次。看你的机器人会不会回两遍。",
    fault_deaf: "收不到事件", about_deaf: "什么事件都不来，连接却好好的。",
    fault_action: "动作", about_action: "丢失、断线、失败、风控只对这个动作；空着：所有动作。",
    fault_retcode: "retcode", about_retcode: "「调用失败」返回的代码；空着：100。",
    // accounts
    account: "账号", accounts: "账号", all_accounts: "所有账号", report_self: "自己发的消息也是事件", close_account: "关闭",
    close_account_of: (name) => `关闭账号「${name}」`, open_account: "成为机器人账号", account_opened: (name) => `${name}现在是机器人账号`,
    about_accounts: "机器人可以是好几个账号，各有各的好友、群身份和故障。填一个已有的人的号码，或一个新号码。",
    account_number: "号码", account_name: "名字（可空）",
  },
  en: {
    title: "xie · simulated QQ", you_are: "You are", speak_in: "Where", send: "Send", clear: "Clear",
    wire: "Traffic", tab_chat: "Chat", tab_wire: "Tools", other_language: "中文",
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
    stranger_hint: (name) => `${name} is no friend of the bot and cannot write to it. Ask for it under “⋯”.`,
    aside: "who and where", views: "Views", anonymous: "anonymous", everybody: "everybody", muted: "muted",
    message_of: (name) => `Message of ${name}`, more: "More", more_of: (name) => `More about this message of ${name}`,
    acts_on: (name) => `Do something to ${name}`, answer: "Reply", answer_to: (name) => `Reply to ${name}`,
    open_column: "Open another column", close_column: "Close this column", acts: "What you can do", member_list: "Members",
    // pictures and the like
    record: "voice", video: "video", forward: "Forwarded messages", face: (id) => `face ${id}`, shake: "shake",
    quoted: (text) => `In reply to: ${text}`, unreadable: "cannot be shown", no_image: "This is no picture that can be shown",
    image_too_big: (size, most) => `The picture has ${size} KB; there is room for ${most} KB`,
    images_full: (n) => `${n} pictures at most in a message`,
    add_picture: "Add a picture", no_picture: "Take this picture away", no_answer: "Do not reply",
    // acts
    done: (what) => `Done: ${what}`, mention: "Mention @", poke: "Poke", poke_bot: "Poke the bot", mute: "Mute for 10 minutes", unmute: "Unmute",
    mute_all: "Mute everybody", unmute_all: "Unmute everybody", kick: "Kick out", make_admin: "Make an admin",
    no_admin: "No longer an admin", like: "React 👍", essence: "Mark as essence", no_essence: "No longer essence",
    invite_bot: "Invite the bot", join: "Ask to join", join_words: "May I join?", leave: "Leave the group",
    dismiss: "Dismiss the group", add_friend: "Ask the bot to be friends", friend_words: "Hello, let us be friends",
    delete_friend: "Unfriend the bot", honor: "Become “most talkative”", lucky_king: "Become the lucky king",
    // the time line
    timeline: "Time line", bot_connected: (n) => `Bot ${n} connected`, by_itself: "By the bot itself", in_private: "in private",
    bot_number: (n) => `Bot ${n}`, calls_in: (n, time) => `${n === 1 ? "1 call" : `${n} calls`} · ${time}`,
    no_reaction: "no reaction", unanswered: "no reply", after_start: "since the event", took: "duration",
    filter_words: "Filter: people, words, actions…", answered: "with calls", failures: "with failures",
    nothing_fits: "Nothing fits.", nothing_happened: "What bots did after each event, and how long it took, appears here.",
    // faults
    faults: "Faults", clear_faults: "Back to normal", no_faults: "All is well",
    faults_set: (n) => (n === 1 ? "1 fault is set" : `${n} faults are set`), off: "off",
    every_call: "every call", next_calls: (n) => (n === 1 ? "the next call" : `the next ${n} calls`),
    after_ms: (n) => (n < 1000 ? `${n} ms` : `${n / 1000} s`), replies: (n) => `${n} at a time`, only_these: "Only for",
    fault_delay_ms: "Late replies", about_delay_ms: "Calls are done, their replies come late. Does your bot time out, or pile up?",
    fault_drop: "Lost replies", about_drop: "Calls are done, their replies never come. Does your bot wait for ever?",
    fault_disconnect: "Connection cut", about_disconnect: "Calls are done, but the connection ends before the reply. Does your bot reconnect, and send twice?",
    fault_refuse: "Calls fail", about_refuse: "Calls are not done, and fail with the retcode below.",
    fault_risk: "Risk control", about_risk: "Messages are sent, yet the call fails (1200), as under risk control.",
    fault_reorder: "Replies out of order", about_reorder: "Replies are collected and go out backwards, after a second at most. Does your bot go by echo?",
    fault_missing_echo: "No echo in replies", about_missing_echo: "Some implementations forget it.",
    fault_empty_echo: "The echo of replies is empty", about_empty_echo: "NapCat does so at times.",
    fault_string_ids: "Ids as strings", about_string_ids: "user_id, group_id, message_id … come as strings, as some implementations have it.",
    fault_duplicate_events: "Events twice", about_duplicate_events: "Each event comes twice. Does your bot answer twice?",
    fault_deaf: "No events", about_deaf: "No event comes at all, though the connection is well.",
    fault_action: "Action", about_action: "Lost, cut, fail and risk meet this action only; empty: all.",
    fault_retcode: "retcode", about_retcode: "What “Calls fail” answers; empty: 100.",
    // accounts
    account: "Account", accounts: "Accounts", all_accounts: "All accounts", report_self: "Own messages are events",
    close_account: "Close", close_account_of: (name) => `Close the account ${name}`, open_account: "Make it an account",
    account_opened: (name) => `${name} is an account of bots now`,
    about_accounts: "Bots may be several accounts, each with friends, roles and faults of its own. Give the number of somebody who is there, or a new one.",
    account_number: "Number", account_name: "Name (may be empty)",
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

/** Write the texts into the elements of root that name theirs: data-t the words inside, data-label
 * a name that is not seen, data-tip what is said when pointed at. */
export function applyTexts(root) {
  document.documentElement.lang = language;
  document.title = t("title");
  for (const element of root.querySelectorAll("[data-t]"))
    element.textContent = t(element.dataset.t);
  for (const element of root.querySelectorAll("[data-label], [data-tip]")) {
    const words = t(element.dataset.label ?? element.dataset.tip);
    if (element.dataset.label) element.setAttribute("aria-label", words);
    if (element.matches("button, select")) element.title = words;
  }
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
