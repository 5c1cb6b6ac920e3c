/* onebot.h - QQ bots by OneBot 11: handlers that read from top to bottom.
 * Floor 9, library xie-onebot. Every call that waits honours the scopes around it. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_H
#define XIE_ONEBOT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xie/error.h>
#include <xie/onebot/handler.h>
#include <xie/onebot/keep.h>
#include <xie/onebot/result.h>
#include <xie/time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An account that the program is: opaque, lives from its first event to onebot_run's return, also
 * when no endpoint leads to it any more. */
struct onebot_bot;
struct onebot_store; /* what a bot remembers: <xie/onebot/store.h> */

/* --- events ------------------------------------------------------------------------- */

/* An event as the handler reads it. Strings are never NULL ("" when the event has none), ids
 * never strings (0 when it has none). Everything is borrowed until the handler returns. */
struct onebot_event {
    struct onebot_bot *bot;
    void *arg;               /* of the rule or command, or of the options for on_event */
    const json_t *raw;       /* the whole event, for what has no field here */
    const char *post_type;   /* "message" "notice" "request" "meta_event" "message_sent" */
    const char *detail_type; /* message_type, notice_type, request_type or meta_event_type */
    const char *sub_type;
    int64_t time;    /* seconds since 1970 */
    int64_t self_id; /* the bot's account */
    int64_t user_id;
    int64_t group_id; /* 0 for private messages, the temporary ones by a group included */
    int64_t message_id;
    const char *text;    /* a message's text segments, joined and unescaped */
    const char *command; /* the command's (first) name when this event started one, else "" */
    const char *args;    /* what followed it, or what another rule has left of the text, without
                            the spaces around; else text */
    struct {
        const char *nickname, *card, *role, *name; /* name: the card, else the nickname */
    } sender;
};

/**
 * What runs for an event: a task of its own, so it may wait as long as it likes; others are
 * served meanwhile.
 *
 * return  >= 0, or a negative error: one line in the log names the handler
 */
typedef int onebot_handler(struct onebot_event *event);

/* Arrays and objects inside each other that onebot_decode accepts. */
enum { ONEBOT_JSON_DEPTH = 64 };

/**
 * Decode JSON that comes from outside, as json_loadb does, within a task's stack.
 *
 * text    borrowed until return [len bytes]
 * flags   of jansson's decoder
 * why     receives what is wrong with it, also that it is nested deeper than
 *         ONEBOT_JSON_DEPTH
 * return  the value, owned; NULL when it is not JSON or there is no memory
 * cost    one pass over the text before jansson's own
 */
XIE_API json_t *onebot_decode(const char *text, size_t len, size_t flags, json_error_t *why);

/* An integer member of an object: a number, or a string that holds one. 0 without it. */
XIE_API int64_t onebot_int(const json_t *object, const char *key);
/* A string member; "" without it. Borrowed from the object, which may be NULL. */
XIE_API const char *onebot_string(const json_t *object, const char *key);

/* --- calls -------------------------------------------------------------------------- */

/**
 * Call an action; suspends, then returns its value:
 *
 *     json_auto_t *me = onebot_call(event->bot, "get_login_info", NULL).data;
 *
 * action  "get_group_member_info", …
 * format  parameters, as json_pack: "{s:I, s:I}" with "group_id", (json_int_t)g, … (an int64_t
 *         will do); NULL: none
 * errors  XIE_ENOTCONNECTED not connected, or the connection broke before it was sent: it may
 *         be called again; XIE_EUNKNOWN the connection broke after it was sent, at once: it may
 *         have happened; XIE_EACTION the implementation does not know the action; XIE_EFAILED
 *         it answered that the action failed; XIE_EJSON its answer was none; XIE_EAUTH by HTTP,
 *         the token was refused; -EINVAL the format does not give an object (wording says
 *         where); XIE_ELIMIT too many calls wait already; -ETIMEDOUT -ECANCELED by the scopes
 *         around, or no answer within call_timeout_ns: not sent if the scope had ended before,
 *         or it had still to wait for its turn (see pace), else it may have happened; -ENOMEM
 * note    any number of tasks may call at the same time; answers come in any order. The
 *         earlier of call_timeout_ns and the scopes around decides. It is never sent twice
 * cost    the JSON text each way, one allocation beside
 */
XIE_API struct onebot_result onebot_call(struct onebot_bot *bot, const char *action,
                                         const char *format, ...)
    __attribute__((warn_unused_result));

/**
 * Say something, as plain text: nothing in it is taken for a CQ code, and bytes that are no
 * UTF-8 become U+FFFD.
 *
 * group_id    where; 0: in private with user_id
 * message_id  receives the message's id; may be NULL; untouched on error
 * return      0
 * errors      as onebot_call; -EINVAL neither group nor person
 */
XIE_API int onebot_send(struct onebot_bot *bot, int64_t group_id, int64_t user_id,
                        int64_t *message_id, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Say something where the event came from. return 0; errors as onebot_send */
XIE_API int onebot_reply(struct onebot_event *event, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/**
 * Do with an event what it offers (".handle_quick_operation"): a message can be replied to and
 * deleted, its sender kicked or banned, a request approved.
 *
 * format  the operation, as json_pack: "{s:b, s:s}" with "approve", 1, "remark", "a friend"
 * return  0; errors as onebot_call; -EINVAL the format does not give an object
 * note    a call like others: the answer to an event by HTTP POST is always empty, and comes at
 *         once, since the next event comes after it alone
 */
XIE_API int onebot_quick(struct onebot_event *event, const char *format, ...);

/* Wait until the bot is connected: after XIE_ENOTCONNECTED, before calling again.
 * return 0; errors -ECANCELED -ETIMEDOUT; XIE_ECLOSED the bot stops and will not connect */
XIE_API int onebot_wait_connected(struct onebot_bot *bot);

/* --- conversations ------------------------------------------------------------------ */

/* The most messages kept for one handler between its questions. */
enum { ONEBOT_MAILBOX = 100 };
/* The most answers whose memory one handler keeps. */
enum { ONEBOT_ANSWERS = 256 };

/* What a person answered. */
struct onebot_answer {
    int error;                  /* 0, or why there is none */
    const char *text;           /* of their message; NULL on error */
    struct onebot_event *event; /* the whole message; NULL on error */
    struct onebot_value value;  /* of onebot_ask_for: what text was read as */
};

/**
 * Ask, and wait for that person's next message in the same place:
 *
 *     XIE_TIMEOUT(30 * XIE_SECOND)
 *         name = onebot_ask(event, "What is your name?").text;
 *
 * event   whose person and place; format as printf, sent as onebot_reply does
 * return  by value; text and event are borrowed until the handler returns, so answers of
 *         several questions can be used together (each keeps its message's memory, up to
 *         ONEBOT_ANSWERS: then the oldest goes)
 * errors  as onebot_reply, when the question could not be sent; -ETIMEDOUT -ECANCELED
 * note    the handler listens from before its first question goes out until it returns. While
 *         a question waits, the next message is its answer and starts nothing else, be it
 *         "/help". Between questions the known commands work as ever, other messages are kept,
 *         in order, up to ONEBOT_MAILBOX, for the next question, and go to on_event when the
 *         handler returns without asking. Of several questions to one person in one place the
 *         latest gets the answer
 */
XIE_API struct onebot_answer onebot_ask(struct onebot_event *event, const char *format, ...)
    __attribute__((format(printf, 2, 3), warn_unused_result));

/* --- running ------------------------------------------------------------------------ */

/* "/name args" in a message runs handler. */
struct onebot_command {
    const char *name; /* without the slash; any UTF-8 without spaces */
    const char *help; /* one line for people */
    onebot_handler *handler;
    void *arg; /* event->arg */
};

/* The most bytes of an event by HTTP POST (or max_message, if that is less); beyond it 413. */
enum { ONEBOT_POST_MOST = 4 << 20 };
/* The most events by HTTP POST of one endpoint that are read at the same time while their
 * signature is still to be checked; beyond it 503. */
enum { ONEBOT_POSTS_UNPROVED = 32 };

/* What a WebSocket carries: calls and events, calls alone, events alone. */
enum onebot_role { ONEBOT_UNIVERSAL, ONEBOT_API, ONEBOT_EVENT };

/**
 * A way to communicate: to an implementation that listens, or for any number of them that come
 * to us. Ways of one account form one bot. Zero is the default of each; all is borrowed as
 * the options are.
 *
 * note  who connects to us names its account by "X-Self-ID" (else 400), the role of a WebSocket
 *       by "X-Client-Role" (in any case; universal without it), and brings the token before the
 *       upgrade (401 without, 403 a wrong one). A second connection of the same account and role
 *       replaces the first
 * note  a WebSocket that brings an event of another account than its own ends
 * note  calls go out by the connection that was made last; an answer counts on the one that the
 *       call was sent on
 */
struct onebot_endpoint {
    /* We connect: to "ws://host[:port][/path]" or "wss://…", a WebSocket, or to "http://…" or
     * "https://…", for calls alone, each by a request to the path with the action added … */
    const char *url;
    /* … or listen on "host:port", "[::1]:port", ":port" (every address of this machine): reverse
     * WebSockets, and events by HTTP POST, on any path. */
    const char *listen;
    struct xie_listener *listener; /* the same, on one that is open already (<xie/server.h>) */
    /* Sent as "Authorization: Bearer …", or expected: as that, as "Token …", or in the query as
     * access_token. NULL or "": none. */
    const char *token;
    /* Of HTTP POST: the body's signature "X-Signature" is made with it. Without one, the token is
     * expected, or a signature made with that. Nothing of a WebSocket is signed: where there is a
     * secret and no token, the secret is expected as the token. */
    const char *secret;
    enum onebot_role role; /* of a WebSocket that we open, by the path that its URL names */
    /* Whose it is, when we connect; 0: what its events say, or, where none come, get_login_info,
     * asked each time. */
    int64_t self_id;
    /* For TLS (<xie/tls.h>). To connect: NULL is that of the options; to listen: a server's,
     * NULL: plain. */
    struct xie_tls_context *tls;
};

/* How fast something may be sent; zero: as fast as it likes. */
struct onebot_pace {
    int64_t interval_ns; /* a turn comes back after this */
    unsigned burst;      /* turns at most that can be used at once; 1 */
};

enum onebot_level { ONEBOT_DEBUG = -1, ONEBOT_INFO, ONEBOT_WARNING, ONEBOT_ERROR };

struct onebot_config;
struct onebot_plugin_definition;

/* How to run a bot; zero is the default of each. Borrowed until onebot_run returns, or
 * onebot_change has put others in their place. */
struct onebot_options {
    const char *url, *token; /* the short form of an endpoint */
    /* Any number more, of one account or of many; ended by one that neither connects nor
     * listens; may be NULL. */
    const struct onebot_endpoint *endpoints;
    struct onebot_book book; /* rules: see <xie/onebot/handler.h> */
    /* The short form of rules; ended by name NULL; may be NULL. Behind rules of priority 0, with
     * the prefix "/". */
    const struct onebot_command *commands;
    /* Every event that no rule and no command takes, and that answers no question, heartbeats
     * apart. May be NULL. */
    onebot_handler *on_event;
    void *arg; /* event->arg of on_event */

    int64_t call_timeout_ns; /* 30 s; XIE_NEVER: the scopes around a call alone decide */
    /* Turns for calls whose action begins with "send_": of each account, and of each of its groups
     * (parameter group_id). They wait in order; a slow group holds up no other. */
    struct onebot_pace pace, group_pace;
    int64_t connect_timeout_ns; /* to connect and shake hands; 10 s; the same to say whose it is */
    int64_t retry_least_ns;     /* pause before connecting again; 1 s; doubled each time … */
    int64_t retry_most_ns;      /* … up to 60 s, each shortened by up to a half, at random */
    int64_t ping_interval_ns;   /* when the peer is silent; 30 s; XIE_NEVER: never */
    int64_t grace_ns;           /* for handlers to end when the bot stops; 5 s */
    size_t max_handlers;        /* running at once; 10000; beyond it events are dropped, and
                                   the log says so */
    size_t max_calls;           /* waiting for an answer; 65536; beyond it XIE_ELIMIT */
    size_t max_accounts;        /* 1000; beyond it a new one is refused: its connection ends */
    size_t max_message;         /* received [bytes]; 64 MiB; beyond it the connection ends */
    size_t stack_size;          /* of handlers [bytes]; the loop's */
    bool keep_signals;          /* leave SIGINT and SIGTERM alone */
    /* For wss:// (<xie/tls.h>), borrowed; NULL: whom the system trusts. */
    struct xie_tls_context *tls;

    struct onebot_store *store;      /* what it remembers (<xie/onebot/store.h>); may be NULL */
    struct onebot_keep_options keep; /* of kept conversations: see <xie/onebot/keep.h> */

    /* Parts of it that come and go (<xie/onebot/plugin.h>). Those linked in, ended by NULL; may be
     * NULL. One that cannot be loaded is said in the log, and the bot runs without it; but an
     * unsound definition is -EINVAL, as an unsound rule is. */
    const struct onebot_plugin_definition *const *plugins;
    const char *plugin_folder;    /* every *.so in it is loaded at the start, by name; may be NULL;
                                     copied */
    bool plugin_watch;            /* and anew when it has changed, while the bot runs */
    int64_t plugin_start_ns;      /* for the start of a plugin; 10 s */
    struct onebot_config *config; /* where the plugins' sections are; NULL: nowhere, all of their
                                     keys have the defaults */

    /* Receives each line of the log, without time and level; NULL: stderr, with both. Control
     * characters have been replaced. May not wait. */
    void (*log)(void *log_arg, enum onebot_level level, const char *line);
    void *log_arg;

    /* Receives, from the call of onebot_run to its return, an account that is nobody's and never
     * connected: for onebot_change, onebot_account and onebot_stop by those who have no event. NULL
     * afterwards. */
    struct onebot_bot **handle;
};

/**
 * Run a bot until it is stopped: by SIGINT or SIGTERM (a second one hurries), onebot_stop, or
 * the scopes around.
 *
 * return  0 it was stopped: running handlers had grace_ns to end, then were cancelled
 * errors  XIE_EURL a URL is none; -EPROTONOSUPPORT it is wss:// and TLS is not built in;
 *         -EINVAL a token has control characters, or where to listen is no such thing, or a
 *         rule is not sound, XIE_ELIMIT the endpoints name more than max_accounts (the log says
 *         which); those of xie_listen; -ENOMEM at the start; -ECANCELED -ETIMEDOUT of the scopes
 *         around: handlers had their grace all the same, unless a signal hurried; -EPERM outside
 *         a task
 * note    nothing else ends it. It connects again after every failure: after a refused token at
 *         the slowest pace, since somebody may put it right. The pause is back to its least
 *         once the peer has sent an event or an answer; of one that is asked whose it is, once
 *         it has said so. A peer that announces heartbeats and is silent for three of them, or
 *         does not answer a ping (by HTTP: a get_status), is taken for gone; so is, once, one
 *         that is silent as long, and announces none, after it was connected to again. Not
 *         noticed: that an implementation without heartbeats has lost QQ while it answers pings,
 *         and the silence of one that brings events by HTTP POST
 * note    events that come twice to one account run once: messages with the same id, person and
 *         time, and others with the same content when they have come by different connections
 */
XIE_API int onebot_run(const struct onebot_options *options);

/**
 * Have a bot that runs go on with other endpoints, limits and people: all of it, or, on an error,
 * as it was.
 *
 * bot      any account of it, or the handle of its options
 * options  as of onebot_run, whole: what is zero here gets its default. All of it counts but rules,
 *          commands, on_event, arg, keep_signals, log, log_arg, handle, and what plugins and kept
 *          conversations have: store, keep, plugins, plugin_…, config; these stay. Of the book
 *          count prefixes, nicknames, superusers, language, max_cooling, max_waiting
 * return   0: they are in force, and nothing uses what they take the place of. Endpoints that are
 *          the same in every field keep their connections; those that are gone have ended, and
 *          calls on them have failed as by a disconnect; the others have begun
 * errors   as onebot_run at its start; XIE_ECLOSED the bot stops; -ECANCELED -ETIMEDOUT of the
 *          scopes around, which count until the new endpoints are found sound: what follows is not
 *          interrupted; -EBUSY a plugin asks for it while the bot starts, which may wait for the
 *          plugin; -EPERM outside a task
 * note     waits for names to be looked up, for another change that is under way, and for what goes
 *          to say good-bye, each connection at most two seconds, all at the same time
 * note     from an endpoint that goes to one that listens at the same `listen` the port passes
 *          without being closed: who comes meanwhile waits. At another address with the same port
 *          it is opened when the one that goes has let go of it, again and again until that works,
 *          as the log says
 * note     tls is compared by its address: xie_tls_context_reload gives the same one new
 *          certificates without a connection being lost. max_message and ping_interval_ns count for
 *          WebSockets that are opened from then on; a listener that stays goes on with the size of
 *          posts and the number of connections that it began with. Who waits for a turn to send
 *          waits on at the new pace
 */
XIE_API int onebot_change(struct onebot_bot *bot, const struct onebot_options *options);

/* The account's number; 0 before it is known, and of the handle. */
XIE_API int64_t onebot_self_id(const struct onebot_bot *bot);
/* Another account of the same program, which may be not connected; NULL: none has been heard of
 * with this number. It stays valid until onebot_run returns. */
XIE_API struct onebot_bot *onebot_account(struct onebot_bot *bot, int64_t self_id);

/* Have onebot_run stop, from any task of its loop. Idempotent. */
XIE_API void onebot_stop(struct onebot_bot *bot);

/* The table given to onebot_run: for a /help. Never NULL. */
XIE_API const struct onebot_command *onebot_commands(const struct onebot_bot *bot);

#ifdef __cplusplus
}
#endif
/* Messages of more than text; every action as a function; what each event says. */
#include <xie/onebot/actions.h>
#include <xie/onebot/events.h>
#include <xie/onebot/message.h>

#endif
