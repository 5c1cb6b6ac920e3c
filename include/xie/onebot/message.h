/* message.h - messages of more than text: made, read, and turned into CQ strings and back.
 * Floor 9, library xie-onebot. Part of xie/onebot.h, whose types it uses. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_MESSAGE_H
#define XIE_ONEBOT_MESSAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <xie/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct onebot_bot;
struct onebot_event;

/**
 * A message: its segments, and the first error there was in making it. Zero is an empty one.
 *
 *     struct onebot_message message = {0};
 *     onebot_message_at(&message, event->user_id);
 *     onebot_message_text(&message, " look, %s:", event->sender.name);
 *     onebot_message_image(&message, "https://example.org/cat.png");
 *     return onebot_reply_message(event, &message);
 *
 * or the same in the text form, whose arguments can never become codes:
 *
 *     onebot_message_cq(&message, "[CQ:at,qq=%lld] look, %s:[CQ:image,file=%s]", …);
 *
 * What is sent is taken over: there is nothing to check or to release but a message that is not
 * sent. After an error the calls below do nothing, and sending returns it: -ENOMEM, and what each
 * call names. Bytes that are no UTF-8 become U+FFFD. The first segment that costs memory
 * allocates the array; each segment is three to five allocations.
 */
struct onebot_message {
    json_t *segments; /* array of {type, data}, owned; NULL: none yet. To be read only */
    int error;        /* the first; 0: none */
};

/* Release it; it is empty again. */
XIE_API void onebot_message_clear(struct onebot_message *message);
/* Another one with the same segments (and error): to send it twice. */
XIE_API struct onebot_message onebot_message_copy(const struct onebot_message *message);

/* --- sending ------------------------------------------------------------------------ */

/**
 * Send a message; takes it over, whatever is returned.
 *
 * group_id    where; 0: in private with user_id
 * message_id  receives the message's id; may be NULL; untouched on error
 * return      0
 * errors      message->error; -EINVAL neither group nor person, or the message is empty; as
 *             onebot_call
 */
XIE_API int onebot_send_message(struct onebot_bot *bot, int64_t group_id, int64_t user_id,
                                int64_t *message_id, struct onebot_message *message);
/* The same, where the event came from. */
XIE_API int onebot_reply_message(struct onebot_event *event, struct onebot_message *message);

/* --- making: one segment each ------------------------------------------------------- */

/* Text as it is: nothing in it is taken for a code. */
XIE_API void onebot_message_text(struct onebot_message *message, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* "@name" of a member; and of everybody. */
XIE_API void onebot_message_at(struct onebot_message *message, int64_t user_id);
XIE_API void onebot_message_at_all(struct onebot_message *message);
/* In answer to that message: quotes it. Stands first. */
XIE_API void onebot_message_reply(struct onebot_message *message, int64_t message_id);
/* One of QQ's own faces. */
XIE_API void onebot_message_face(struct onebot_message *message, int64_t id);

/* A picture, voice, film, file. file: a received name, "file:///…" (on the implementation's
 * machine), "http(s)://…" or "base64://…". name: of the file, may be NULL. */
XIE_API void onebot_message_image(struct onebot_message *message, const char *file);
XIE_API void onebot_message_record(struct onebot_message *message, const char *file);
XIE_API void onebot_message_video(struct onebot_message *message, const char *file);
XIE_API void onebot_message_file(struct onebot_message *message, const char *file,
                                 const char *name);

/* Any of these from memory, as base64://. type: "image" "record" "video" "file". name as above. */
XIE_API void onebot_message_bytes(struct onebot_message *message, const char *type,
                                  const char *name, const void *data, size_t len);

enum { ONEBOT_FILE_MOST = 30 << 20 }; /* the most of a file by default [bytes] */

/**
 * Any of these from a file of this machine, as base64://. Waits for the disk, not the loop.
 *
 * limit   the most it may have; XIE_ELIMIT beyond; 0: ONEBOT_FILE_MOST [bytes]
 * errors  into message->error: as xie_file_load
 * cost    three times the file at the peak: itself, its base64, and a copy in the segment
 */
XIE_API void onebot_message_from_disk(struct onebot_message *message, const char *type,
                                      const char *path, size_t limit);

/* A throw of dice, a hand of rock-paper-scissors, by chance; a shaken window. */
XIE_API void onebot_message_dice(struct onebot_message *message);
XIE_API void onebot_message_rps(struct onebot_message *message);
XIE_API void onebot_message_shake(struct onebot_message *message);
/* A poke of some type and id, as QQ numbers them. */
XIE_API void onebot_message_poke(struct onebot_message *message, int64_t type, int64_t id);
/* Said anonymously; ignore: openly where that cannot be. */
XIE_API void onebot_message_anonymous(struct onebot_message *message, bool ignore);
/* A link. content, image: may be NULL. */
XIE_API void onebot_message_share(struct onebot_message *message, const char *url,
                                  const char *title, const char *content, const char *image);
/* A friend ("qq") or a group ("group") to get to know. */
XIE_API void onebot_message_contact(struct onebot_message *message, const char *type, int64_t id);
/* A place, in degrees. title, content: may be NULL. */
XIE_API void onebot_message_location(struct onebot_message *message, double lat, double lon,
                                     const char *title, const char *content);
/* Music of "qq", "163", "xm"; and of one's own. content, image: may be NULL. */
XIE_API void onebot_message_music(struct onebot_message *message, const char *type, const char *id);
XIE_API void onebot_message_music_custom(struct onebot_message *message, const char *url,
                                         const char *audio, const char *title, const char *content,
                                         const char *image);
/* XML, JSON, a mini program, Markdown, as text. */
XIE_API void onebot_message_xml(struct onebot_message *message, const char *data);
XIE_API void onebot_message_json(struct onebot_message *message, const char *data);
XIE_API void onebot_message_miniapp(struct onebot_message *message, const char *data);
XIE_API void onebot_message_markdown(struct onebot_message *message, const char *content);
/* A face of the shop. summary: shown in lists; may be NULL. */
XIE_API void onebot_message_mface(struct onebot_message *message, int64_t package_id,
                                  const char *emoji_id, const char *key, const char *summary);
/* A forwarded bundle that exists already, by its id. */
XIE_API void onebot_message_forward(struct onebot_message *message, const char *id);
/* One message of a bundle (for onebot_send_forward): what somebody is to have said. Takes content
 * over, and its error. Both spellings are given: user_id, nickname; uin, name. */
XIE_API void onebot_message_node(struct onebot_message *message, int64_t user_id,
                                 const char *nickname, struct onebot_message *content);
/* The same, of a message that exists already. */
XIE_API void onebot_message_node_id(struct onebot_message *message, int64_t message_id);

/**
 * Any other segment.
 *
 * format  its data, as json_pack: "{s:s}" with "content", text, …; NULL: without data
 * errors  into message->error: -EINVAL the format does not give an object, or a string is no
 *         UTF-8
 */
XIE_API void onebot_message_segment(struct onebot_message *message, const char *type,
                                    const char *format, ...);

/* --- the text form ------------------------------------------------------------------ */

/**
 * Add what a template in CQ form gives: its codes are codes, its arguments text or values,
 * escaped for where they stand. Brackets of its own that are no code are text: "[%s]" is safe.
 *
 * format  as printf, without %n, %ls and %lc: -EINVAL
 */
XIE_API void onebot_message_cq(struct onebot_message *message, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/**
 * Add what a whole text in CQ form says: also codes that somebody else wrote into it. What is no
 * code ("[CQ:" without "]", or without a name) is text.
 *
 * text  borrowed [len bytes]; may have 0 bytes
 */
XIE_API void onebot_message_parse(struct onebot_message *message, const char *text, size_t len);

/**
 * Add a message in any form: a string in CQ form, an array of segments, one segment, null.
 *
 * json  borrowed; NULL: nothing is added
 * note  segments of known kinds become as the standard has them: data null becomes {}, numbers
 *       become strings, booleans "1" and "0". Others are passed through untouched. What is no
 *       segment is left out
 */
XIE_API void onebot_message_read(struct onebot_message *message, const json_t *json);

/**
 * The message in CQ form.
 *
 * text    receives it, with a 0 byte behind, owned: free with xie_free; untouched on error
 * return  bytes
 * errors  message->error; -ENOMEM
 * note    null values are left out; true and false are 1 and 0; a node's content is a message
 *         in CQ form, escaped; other arrays and objects are JSON text. A key that has "=" in it
 *         cannot be told in this form
 */
XIE_API ssize_t onebot_message_string(const struct onebot_message *message, char **text);

/* --- reading ------------------------------------------------------------------------ */

/* An event's message in whatever form it came, borrowed until the handler returns; empty for
 * events without one. Never NULL, its error always 0. */
XIE_API const struct onebot_message *onebot_event_message(const struct onebot_event *event);

enum onebot_segment_kind {
    ONEBOT_SEGMENT_UNKNOWN, /* type and data tell */
    ONEBOT_SEGMENT_TEXT,
    ONEBOT_SEGMENT_FACE,
    ONEBOT_SEGMENT_IMAGE,
    ONEBOT_SEGMENT_RECORD,
    ONEBOT_SEGMENT_VIDEO,
    ONEBOT_SEGMENT_FILE,
    ONEBOT_SEGMENT_AT,
    ONEBOT_SEGMENT_RPS,
    ONEBOT_SEGMENT_DICE,
    ONEBOT_SEGMENT_SHAKE,
    ONEBOT_SEGMENT_POKE,
    ONEBOT_SEGMENT_ANONYMOUS,
    ONEBOT_SEGMENT_SHARE,
    ONEBOT_SEGMENT_CONTACT,
    ONEBOT_SEGMENT_LOCATION,
    ONEBOT_SEGMENT_MUSIC,
    ONEBOT_SEGMENT_REPLY,
    ONEBOT_SEGMENT_FORWARD,
    ONEBOT_SEGMENT_NODE,
    ONEBOT_SEGMENT_XML,
    ONEBOT_SEGMENT_JSON,
    ONEBOT_SEGMENT_MFACE,
    ONEBOT_SEGMENT_MARKDOWN,
    ONEBOT_SEGMENT_MINIAPP
};

/* Image, record, video, file. */
struct onebot_media {
    const char *file, *url, *name, *path, *file_id, *summary;
    int64_t size;
    bool flash, magic; /* an image that vanishes; a voice that is changed */
};

struct onebot_share { /* share, and music of type custom */
    const char *url, *audio, *title, *content, *image;
    const char *type, *id; /* of music */
};

struct onebot_place {
    double lat, lon;
    const char *title, *content;
};

struct onebot_mention {
    int64_t user_id; /* 0: all */
    bool all;
    const char *name;
};

struct onebot_numbered { /* face, poke, contact, reply, and the results of dice and rps */
    int64_t id, result;
    const char *type, *name;
};

struct onebot_bundle {
    const char *id;
    const json_t *content; /* forward: the nodes, if they came along; node: its message.
                              For onebot_message_read. NULL: there is none */
    int64_t user_id;       /* node: who is to have said it */
    const char *nickname;
};

struct onebot_mface {
    const char *emoji_id, *key, *summary, *url;
    int64_t package_id;
};

/* A segment as it is read. Strings are never NULL, numbers 0 when there is none. Borrowed from
 * the message. */
struct onebot_segment {
    enum onebot_segment_kind kind;
    const char *type;
    const json_t *data; /* all that came; NULL: none */
    union {
        const char *text;              /* TEXT; XML, JSON, MARKDOWN, MINIAPP */
        struct onebot_media media;     /* IMAGE, RECORD, VIDEO, FILE */
        struct onebot_mention at;      /* AT */
        struct onebot_numbered number; /* FACE, POKE, CONTACT, REPLY, DICE, RPS */
        struct onebot_share link;      /* SHARE, MUSIC */
        struct onebot_place place;     /* LOCATION */
        struct onebot_bundle bundle;   /* FORWARD, NODE */
        struct onebot_mface mface;     /* MFACE */
        bool ignore;                   /* ANONYMOUS */
    };
};

/**
 * Read segment number index (from 0).
 *
 *     struct onebot_segment segment;
 *     for (size_t i = 0; onebot_message_get(message, i, &segment); i++)
 *         if (segment.kind == ONEBOT_SEGMENT_IMAGE)
 *             fetch(segment.media.url);
 *
 * return  false: there are no more; *segment is untouched
 * cost    a look-up for each field; no allocation
 */
XIE_API bool onebot_message_get(const struct onebot_message *message, size_t index,
                                struct onebot_segment *segment);

#ifdef __cplusplus
}
#endif
#endif
