/* frame.c - the frames that most messages are: whole ones that have come whole, and those we send.
 * Floor 8. They are taken here, a word at a time; all others, and all that is wrong, are lent to
 * wslay, frame by frame, so that between two frames it holds no bytes. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/memory.h"
#include "handshake.h"
#include "utf8.h"
#include "ws.h"

enum {
    HEAD_LEAST = 2,
    MOVED_LEAST = 2048 /* bytes of a message that is moved rather than copied */
};

/* Length of a frame's head by its first two bytes: RFC 6455 section 5.2. */
static size_t head_size(const unsigned char *head)
{
    size_t len = head[1] & 127;
    return HEAD_LEAST + (len == 126 ? 2 : len == 127 ? 8 : 0) + (head[1] & 128 ? 4 : 0);
}

static uint64_t payload_size(const unsigned char *head)
{
    uint64_t len = head[1] & 127;
    if (len < 126)
        return len;
    size_t bytes = len == 126 ? 2 : 8;
    len = 0;
    for (size_t i = 0; i < bytes; i++)
        len = len << 8 | head[HEAD_LEAST + i];
    return len;
}

/* A message of one frame of less than 64 KiB, not compressed, as its head should be? */
static bool simple(const struct xie_ws *ws, const unsigned char *head, uint64_t len)
{
    unsigned kind = head[0] & 127;
    if (!(head[0] & 128) || (kind != XIE_WS_TEXT && kind != XIE_WS_BINARY))
        return false;
    if (ws->partial || !(head[1] & 128) != ws->client)
        return false;
    return (head[1] & 127) < 126 || ((head[1] & 127) == 126 && len >= 126);
}

/* Mask or unmask: RFC 6455 section 5.3. */
static void mask_bytes(char *to, const char *from, size_t len, const unsigned char *mask)
{
    uint64_t key, word;
    memcpy(&key, mask, 4);
    memcpy((char *)&key + 4, mask, 4);
    size_t i = 0;
    for (; i + sizeof word <= len; i += sizeof word) {
        memcpy(&word, from + i, sizeof word);
        word ^= key;
        memcpy(to + i, &word, sizeof word);
    }
    for (; i < len; i++)
        to[i] = (char)((unsigned char)from[i] ^ mask[i % 4]);
}

/* Bytes of the payload, and whether the text is one. */
static bool unmasked(const struct xie_ws *ws, const struct xie_ws_message *message, char *to,
                     const char *from, const unsigned char *mask)
{
    size_t len = message->data.len;
    if (!ws->client)
        mask_bytes(to, from, len, mask);
    else if (to != from)
        memcpy(to, from, len);
    return message->kind != XIE_WS_TEXT || xie_web_utf8(to, len);
}

/* It is all that has been read: the memory becomes the message's, and comes back with the next
 * receive (xie_ws_give_back). */
static bool move(struct xie_ws *ws, struct xie_ws_message *message, size_t size, size_t len,
                 const unsigned char *mask)
{
    struct xie_bytes *data = &message->data;
    *data = ws->in;
    data->start += size;
    data->len = len;
    char *first = xie_bytes_first(data);
    if (!unmasked(ws, message, first, first, mask)) {
        if (!ws->client)
            mask_bytes(first, first, len, mask); /* as it was */
        *data = (struct xie_bytes){0};
        return false;
    }
    ws->in = (struct xie_bytes){0};
    return true;
}

static bool copy(struct xie_ws *ws, struct xie_ws_message *message, size_t size, size_t len,
                 const unsigned char *mask)
{
    if (xie_bytes_reserve(&message->data, len + 1) < 0)
        return false;
    message->data.len = len;
    if (!unmasked(ws, message, xie_bytes_first(&message->data), xie_bytes_first(&ws->in) + size,
                  mask))
        return false;
    xie_bytes_take(&ws->in, size + len);
    return true;
}

void xie_ws_give_back(struct xie_ws *ws)
{
    struct xie_ws_message *message = ws->current;
    if (message && !ws->in.data && message->data.cap >= XIE_WS_READ &&
        message->data.cap <= 2 * XIE_WS_READ_MAX) {
        ws->in = message->data;
        xie_bytes_clear(&ws->in);
        message->data = (struct xie_bytes){0};
    }
    xie_ws_message_free(message);
    ws->current = NULL;
}

/* false: it is not for here, by its text or by our memory: wslay has the same trouble, and says so
 * as it does. */
static bool take(struct xie_ws *ws, const unsigned char *head, size_t size, size_t len)
{
    struct xie_ws_message *message = xie_alloc_zero(sizeof *message);
    if (!message)
        return false;
    message->kind = (enum xie_ws_kind)(head[0] & 127);
    const unsigned char *mask = head + size - 4;
    bool all = len >= MOVED_LEAST && ws->in.len == size + len && xie_bytes_room(&ws->in);
    if (!(all ? move : copy)(ws, message, size, len, mask)) {
        xie_ws_message_free(message);
        return false;
    }
    *xie_bytes_end(&message->data) = 0;
    xie_list_push(&ws->inbox, &message->link);
    return true;
}

/* Its head has come in part: wslay gets what there is, which may be wrong already. */
static void lend_head(struct xie_ws *ws, const unsigned char *head, size_t have)
{
    memcpy(ws->head, head, have);
    ws->lent = have - ws->head_len;
    ws->head_len = have;
}

/* A ping or pong, as it should be? */
static bool sign_of_life(const struct xie_ws *ws, const unsigned char *head)
{
    return (head[0] == (128 | WSLAY_PING) || head[0] == (128 | WSLAY_PONG)) &&
           (head[1] & 127) < 126 && !(head[1] & 128) == ws->client;
}

/* A ping has its answer put down, a pong is dropped. false: without memory */
static bool take_sign(struct xie_ws *ws, const unsigned char *head, size_t size, size_t len)
{
    char payload[125];
    const char *from = xie_bytes_first(&ws->in) + size;
    if (head[0] == (128 | WSLAY_PING) && !ws->close_sent) {
        if (ws->client)
            memcpy(payload, from, len);
        else
            mask_bytes(payload, from, len, head + size - 4);
        struct xie_chunk *chunk = xie_ws_frame(ws, WSLAY_PONG, WSLAY_RSV_NONE, payload, len);
        if (!chunk)
            return false;
        xie_ws_send_pong(ws, chunk);
    }
    xie_bytes_take(&ws->in, size + len);
    return true;
}

bool xie_ws_next_frame(struct xie_ws *ws)
{
    unsigned char head[XIE_WS_FRAME_HEAD];
    size_t had = ws->head_len, more = sizeof head - had;
    more = ws->in.len < more ? ws->in.len : more;
    memcpy(head, ws->head, had);
    if (more)
        memcpy(head + had, xie_bytes_first(&ws->in), more);
    if (!more || had + more < HEAD_LEAST)
        return false;
    size_t size = head_size(head);
    if (had + more < size) {
        lend_head(ws, head, had + more);
        return true;
    }
    uint64_t len = payload_size(head);
    if (!had && sign_of_life(ws, head) && ws->in.len - size >= len &&
        take_sign(ws, head, size, (size_t)len))
        return true;
    if (!had && simple(ws, head, len) && len <= ws->max_message) {
        bool whole = ws->in.len - size >= len;
        if (whole && take(ws, head, size, (size_t)len))
            return true;
        /* What is wrong in a text is said when it comes, not at its end. */
        if (!whole && head[0] == (128 | XIE_WS_BINARY))
            return false;
    }
    ws->lent = len > UINT64_MAX - size ? UINT64_MAX : size - had + len;
    ws->head_len = 0;
    return true;
}

int xie_ws_mask(unsigned char mask[4])
{
    /* Random bytes to come, of all connections. */
    static __thread unsigned char masks[256];
    static __thread size_t left;
    if (!left) {
        if (xie_ws_random(masks, sizeof masks) < 0)
            return -1;
        left = sizeof masks;
    }
    left -= 4;
    memcpy(mask, masks + left, 4);
    return 0;
}

/* The head of a frame, mask not included: RFC 6455 section 5.2. Returns its size. */
static size_t write_head(unsigned char *head, unsigned first, bool masked, uint64_t len)
{
    size_t bytes = len < 126 ? 0 : len <= UINT16_MAX ? 2 : 8;
    head[0] = (unsigned char)first;
    head[1] = (unsigned char)((masked ? 128u : 0u) | (!bytes ? len : bytes == 2 ? 126 : 127));
    for (size_t i = 0; i < bytes; i++)
        head[HEAD_LEAST + i] = (unsigned char)(len >> 8 * (bytes - 1 - i));
    return HEAD_LEAST + bytes;
}

struct xie_chunk *xie_ws_frame(struct xie_ws *ws, uint8_t opcode, uint8_t rsv, const void *data,
                               size_t len)
{
    unsigned char head[XIE_WS_FRAME_HEAD], *mask;
    size_t size = write_head(head, 128u | (unsigned)rsv << 4 | opcode, ws->client, len);
    mask = head + size;
    if (ws->client && xie_ws_mask(mask) < 0)
        return NULL;
    size += ws->client ? 4 : 0;
    struct xie_chunk *chunk = len > SIZE_MAX / 2 ? NULL : xie_chunk_new(size + len);
    if (!chunk)
        return NULL;
    xie_chunk_add(chunk, head, size);
    if (ws->client)
        mask_bytes(chunk->data + size, data, len, mask);
    else if (len)
        memcpy(chunk->data + size, data, len);
    chunk->len += len;
    return chunk;
}
