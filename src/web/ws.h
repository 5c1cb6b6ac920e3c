/* ws.h - one WebSocket after its handshake.
 * Floor 8. Whole messages are taken and made by frame.c. All other frames go through wslay's event
 * layer, which parses, checks and answers pings; its 9 kB are there while such a frame is. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_WEB_WS_H
#define XIE_WEB_WS_H

#include <wslay/wslay.h>
#include <xie/web.h>

#include "bytes.h"
#include "deflate.h"
#include "out.h"

enum {
    XIE_WS_REASON = 123,        /* bytes of a close frame's reason, at most */
    XIE_WS_FRAME_HEAD = 14,     /* the longest head of a frame */
    XIE_WS_CLOSE_S = 2,         /* for the peer's part of a close */
    XIE_WS_HURRY_S = 1,         /* for what was put off, in a scope that has triggered */
    XIE_WS_DEFLATE_LEAST = 128, /* a message worth compressing */
    XIE_WS_READ = 1024,         /* room for one read, at first */
    XIE_WS_READ_MAX = 64 << 10, /* and when messages are large */
    XIE_WS_CORK = 16 << 10      /* bytes that may wait to share a write */
};

/* A message that has arrived whole. */
struct xie_ws_message {
    struct xie_link link;
    enum xie_ws_kind kind;
    bool packed;           /* it comes compressed */
    struct xie_bytes data; /* ended by a 0 byte that its len does not count */
};

struct xie_ws {
    struct xie_stream *stream;      /* owned */
    struct xie_http *http;          /* that it was accepted from */
    wslay_event_context_ptr parser; /* NULL: at rest */
    struct xie_out out;
    bool client;

    struct xie_bytes in;                   /* read, not yet parsed */
    uint64_t lent;                         /* bytes of the frame that wslay is at, not yet its */
    unsigned char head[XIE_WS_FRAME_HEAD]; /* of a frame, lent before it was whole */
    size_t head_len;
    struct xie_link inbox;          /* whole messages */
    struct xie_ws_message *current; /* the one the last receive gave away */
    struct xie_ws_message *partial; /* the one being put together */
    size_t max_message;
    size_t read_size; /* grows while reads come back full */
    uint8_t opcode;   /* of the frame being parsed */
    bool own_alone;   /* messages are compressed each by itself */

    struct xie_deflate *deflate; /* NULL: messages come and go as they are */
    size_t deflate_least;
    uint64_t packed; /* messages compressed so far, without those taken back */

    size_t users;            /* tasks inside calls */
    struct xie_event gone;   /* the last of them has left */
    struct xie_event closed; /* the peer's part is over: closed, failed or ended */
    struct xie_scope *reading;
    bool receiving;
    bool freeing;
    bool close_sent;     /* our close frame is in `out`: nothing may follow it */
    bool close_received; /* theirs has come */
    bool parted;         /* the last words were said: see part() */
    bool put_off;        /* something was sent that may not be written yet */
    int error;           /* why nothing more will be received */
    int parse_error;     /* of a callback of the parser */
    uint16_t fail_code;  /* and what to close with for it */
    unsigned char close_frame[XIE_WS_REASON + 2]; /* their close as it comes */
    size_t close_len;
    uint16_t code; /* of their close */
    char reason[XIE_WS_REASON + 1];

    struct xie_chunk *making; /* where frames of the callbacks go */

    int64_t ping_interval_ns;
    int64_t heard; /* when the peer was last heard, or pinged; stands still while nobody receives */
    int64_t left;  /* when the last receive returned */
    bool pinged;   /* and not heard since */
};

/* Make one over a stream whose handshake is done. terms: of compression. early: bytes that came
 * behind it; moved. On success the stream is its; on error both are still the caller's. errors
 * -ENOMEM */
int xie_ws_new(struct xie_stream *stream, const struct xie_ws_options *options, bool client,
               const struct xie_deflate_terms *terms, struct xie_bytes *early, struct xie_ws **ws);

/* Around each call: xie_ws_free waits for those inside. enter: 0, or XIE_ECLOSED. */
int xie_ws_enter(struct xie_ws *ws);
void xie_ws_leave(struct xie_ws *ws);

/* Have the parser. 0 or -ENOMEM */
int xie_ws_wake_parser(struct xie_ws *ws);
/* Free it, unless it is in the middle of something, or needed for every message. */
void xie_ws_rest_parser(struct xie_ws *ws);
/* Does it read no further? */
bool xie_ws_parser_stopped(const struct xie_ws *ws);

/* A mask that nobody can guess, for each frame: RFC 6455 section 10.3. 0, or < 0 */
int xie_ws_mask(unsigned char mask[4]);
/* A frame as a chunk; NULL without memory. rsv: WSLAY_RSV1_BIT where it is compressed. */
struct xie_chunk *xie_ws_frame(struct xie_ws *ws, uint8_t opcode, uint8_t rsv, const void *data,
                               size_t len);
/* May this code stand in a close frame? RFC 6455 section 7.4, and those registered since. */
bool xie_ws_code_ok(uint16_t code);
/* Our close frame, put last; nothing follows it. code 1005: without one.
 * 0 or -ENOMEM; XIE_ECLOSED already. */
int xie_ws_send_close(struct xie_ws *ws, uint16_t code, const char *reason, size_t len);
/* A pong goes out, if not a later one does. */
void xie_ws_send_pong(struct xie_ws *ws, struct xie_chunk *chunk);
/* What the parser wants to say, which is pongs, becomes a chunk. 0 or -ENOMEM */
int xie_ws_pump(struct xie_ws *ws);

/* Their close frame, as far as it came, is taken for the whole of it. */
void xie_ws_take_close(struct xie_ws *ws);

/* Receive in the name of one who has entered; message NULL: drop messages until the end. */
int xie_ws_receive_inside(struct xie_ws *ws, struct xie_ws_message **message);
/* Nothing more will be received, and why. */
void xie_ws_end(struct xie_ws *ws, int error);

void xie_ws_message_free(struct xie_ws_message *message);

/* Take the frame that comes next, if it is a whole message and here, or lend it to wslay. Between
 * frames only. false: more of it has to come. */
bool xie_ws_next_frame(struct xie_ws *ws);
/* Free the message that was given away last; its memory may be read into again. */
void xie_ws_give_back(struct xie_ws *ws);

/* The parser's callbacks: parse.c. */
extern const struct wslay_event_callbacks xie_ws_callbacks;

#endif
