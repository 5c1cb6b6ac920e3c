/* sim.h - a small world inside the process: a clock that jumps, sockets in memory, chance.
 * Floor 2. One per sim loop, used only by the loop's thread. Same seed, same run. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_LOOP_SIM_H
#define XIE_LOOP_SIM_H

#include <netinet/in.h>
#include <poll.h>
#include <sys/un.h>

#include "base/list.h"
#include "base/sys.h"
#include "loop/loop.h"
#include "loop/readiness.h"
#include "loop/wakeup.h"

enum {
    XIE_SIM_FIRST = 1 << 24,     /* descriptors below are the kernel's */
    XIE_SIM_SOCKETS = 1 << 20,   /* most of them; then -EMFILE */
    XIE_SIM_BUCKETS = 256,       /* of bound ports */
    XIE_SIM_SEGMENTS = 16,       /* under way in one direction; more travel together */
    XIE_SIM_BUFFER_LEAST = 2048, /* of SO_SNDBUF, SO_RCVBUF [bytes] */
    XIE_SIM_BUFFER_MOST = 1 << 22,
    XIE_SIM_PACKET_MOST = 65507, /* bytes in a datagram, as UDP over IPv4 */
    XIE_SIM_BACKLOG_MOST = 4096
};

/* What goes wrong, how often: chances are in thousandths. The first four are harmless to a
 * correct program and are on; the others lose data and must be asked for. */
struct xie_sim_chances {
    unsigned short_read;  /* of a read: fewer bytes than there are    XIE_SIM_SHORT_READ */
    unsigned short_write; /* of a write: fewer bytes than have room   XIE_SIM_SHORT_WRITE */
    unsigned again;       /* of a call: -EAGAIN, and ready at once    XIE_SIM_AGAIN */
    unsigned interrupt;   /* of a call: -EINTR                        XIE_SIM_INTERRUPT */
    unsigned reset;       /* of a TCP write: the connection breaks    XIE_SIM_RESET */
    unsigned drop;        /* of a datagram over IP: it is lost        XIE_SIM_DROP */
    unsigned reorder;     /* of a datagram over IP: it comes late     XIE_SIM_REORDER */
    unsigned latency_ns;  /* of every segment, at least               XIE_SIM_LATENCY */
    unsigned jitter_ns;   /* and up to this more                      XIE_SIM_JITTER */
};

struct xie_sim {
    struct xie_loop *loop;
    struct xie_readiness real, own; /* of the kernel's descriptors; of ours */
    struct xie_timers network;      /* what is under way */
    int64_t now;
    unsigned still; /* waits in a row at this moment */
    uint64_t random;
    struct xie_sim_chances chances;

    struct xie_sim_socket **sockets; /* by fd - XIE_SIM_FIRST */
    size_t socket_cap, lowest;       /* no free one is below lowest */
    uint32_t serial;
    struct xie_link changed; /* sockets whose readiness may have changed */
    struct xie_link bound[XIE_SIM_BUCKETS];
    struct xie_link paths;   /* of Unix sockets */
    struct xie_link packets; /* under way */
    bool blocked;            /* some socket is */
    uint16_t port;           /* the last one chosen */

    struct pollfd *polls; /* the kernel's that somebody waits on, and room for the wakeup */
    size_t real_count, real_cap;
    struct xie_wakeup wakeup;
};

/* A socket's address. len 0: none. */
struct xie_sim_name {
    socklen_t len;
    struct sockaddr_storage storage;
};

/* Bytes on their way to one socket, and those that have come and were not read. In order
 * of sending; the last things to come may be the end and a reset. */
struct xie_sim_flow {
    char *data; /* a ring of size bytes, a power of two; made when needed */
    size_t size, first, len;
    size_t arrived; /* of len */
    struct {
        int64_t when;
        size_t len; /* or one of XIE_SIM_END, XIE_SIM_RESET */
    } segments[XIE_SIM_SEGMENTS];
    unsigned first_segment, segment_count;
    int64_t last; /* when the last of them comes */
    bool end_sent, end, reset_sent;
    struct xie_timer timer;
};

#define XIE_SIM_END (SIZE_MAX)
#define XIE_SIM_RESET (SIZE_MAX - 1)

enum xie_sim_state {
    XIE_SIM_FRESH,
    XIE_SIM_LISTENING,
    XIE_SIM_CONNECTING,
    XIE_SIM_CONNECTED,
    XIE_SIM_BROKEN /* reset */
};

struct xie_sim_socket {
    struct xie_sim *sim;
    int fd;          /* -1: not accepted yet */
    uint32_t serial; /* names it in the trace */
    int domain, type;
    enum xie_sim_state state;
    int error; /* SO_ERROR, positive */
    bool read_shut, write_shut;
    struct xie_sim_name local, remote;
    struct xie_sim_path *path; /* bound to */
    struct xie_link changed, bound, queued;

    struct xie_sim_socket *peer; /* of a stream, while it is open there */
    struct xie_sim_flow in;

    struct xie_link queue; /* listening: connections to accept */
    int queue_len, backlog;

    struct xie_sim_socket *embryo; /* connecting: what the listener will get */
    bool connect_told;             /* connect(2) has returned 0 */
    int attempts;
    struct xie_timer timer; /* of the next step of connecting */

    struct xie_link packets; /* datagrams to read */
    size_t packet_bytes;
    uint32_t packets_dropped; /* for want of room */
    int64_t packet_last;      /* when the last one sent comes */
    bool blocked;             /* the receiver of the last one had no room */

    uint32_t flags; /* see sim_option.c */
    int linger;     /* seconds; -1: off */
    int send_size, receive_size;
};

/* A place in the file system, or of the abstract names, where a Unix socket is or was. */
struct xie_sim_path {
    struct xie_link link;
    struct xie_sim_socket *socket; /* NULL: left over */
    size_t len;
    char bytes[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

/* --- sim_random.c: chance and the record of it -------------------------------------- */

/* What happened, for the trace. */
enum xie_sim_event {
    XIE_SIM_SAW_READY = 1,
    XIE_SIM_SAW_OPEN,
    XIE_SIM_SAW_CLOSE,
    XIE_SIM_SAW_READ,
    XIE_SIM_SAW_WRITE,
    XIE_SIM_SAW_ARRIVAL,
    XIE_SIM_SAW_CONNECT,
    XIE_SIM_SAW_FAULT,
    XIE_SIM_SAW_JUMP
};

/* Read the chances from the environment. errors -EINVAL (said on stderr) */
int xie_sim_chances_init(struct xie_sim_chances *chances);
/* 0 .. limit - 1; limit > 0. */
uint64_t xie_sim_below(struct xie_sim *sim, uint64_t limit);
/* True in so many of a thousand cases; traced. Draws nothing for 0. */
bool xie_sim_chance(struct xie_sim *sim, unsigned thousandths);
/* How long the next segment takes. */
int64_t xie_sim_latency(struct xie_sim *sim);
/* Mix an event into the loop's trace. */
void xie_sim_trace(struct xie_sim *sim, enum xie_sim_event event, uint32_t serial, uint64_t amount);

/* --- sim_socket.c: the table, and the life of a socket ------------------------------ */

/* errors -EBADF not ours, or not open */
int xie_sim_find(int fd, struct xie_sim_socket **found);
/* A socket without a descriptor yet; NULL: no memory. */
struct xie_sim_socket *xie_sim_socket_new(struct xie_sim *sim, int domain, int type);
/* Give it the lowest free descriptor. errors -EMFILE -ENOMEM */
int xie_sim_socket_name(struct xie_sim_socket *self);
/* Close: what was sent still arrives at the peer; then the end, or a reset. */
void xie_sim_socket_free(struct xie_sim_socket *self);
/* Its readiness may have changed: looked at in the next wait. */
void xie_sim_changed(struct xie_sim_socket *self);
/* POLLIN, POLLOUT, POLLERR, POLLHUP, POLLRDHUP. */
int xie_sim_events(struct xie_sim_socket *self);
/* Make two fresh ones each other's peers. */
void xie_sim_pair(struct xie_sim_socket *a, struct xie_sim_socket *b);
/* The connection is no more. error: positive, for SO_ERROR */
void xie_sim_break(struct xie_sim_socket *self, int error);
/* Take SO_ERROR, negative. */
int xie_sim_take_error(struct xie_sim_socket *self);
void xie_sim_close_all(struct xie_sim *sim);
/* How many descriptors the thread's last world had open at its end: for tests. */
extern _Thread_local size_t xie_sim_left_open;

/* --- sim_name.c: addresses ---------------------------------------------------------- */

int xie_sim_bind(struct xie_sim_socket *self, const struct sockaddr *address, socklen_t len);
/* Bind to a port of the system's choice, if it is not bound. */
int xie_sim_autobind(struct xie_sim_socket *self);
/* No longer bound. */
void xie_sim_unbind(struct xie_sim_socket *self);
/* The socket of this type that gets what is sent to name (listening, if a stream); NULL. */
struct xie_sim_socket *xie_sim_lookup(struct xie_sim *sim, const struct xie_sim_name *name,
                                      int type);
/* Read an address to connect or send to; a wildcard becomes loopback.
 * errors  -EINVAL -EAFNOSUPPORT */
int xie_sim_target(const struct xie_sim_socket *self, const struct sockaddr *address, socklen_t len,
                   struct xie_sim_name *name);
/* Where a peer is: 0 in this process; -ENETUNREACH; -ETIMEDOUT nobody answers there
 * (192.0.2.0/24, RFC 5737; 2001:db8::/32, RFC 3849) */
int xie_sim_route(const struct xie_sim_name *name);
/* Where self sends from: its own address, loopback for a wildcard. */
struct xie_sim_name xie_sim_source(const struct xie_sim_socket *self,
                                   const struct xie_sim_name *to);
/* Why nobody of this type answers at a path. */
int xie_sim_path_error(struct xie_sim *sim, const struct xie_sim_name *name, int type);
/* The same address, as a socket of this domain writes it. */
struct xie_sim_name xie_sim_mapped(const struct xie_sim_name *name, int domain);
/* Copy out as the kernel does: cut to *len, which receives the whole length. */
void xie_sim_copy_name(const struct xie_sim_name *name, struct sockaddr *address, socklen_t *len);
int xie_sim_unlink(struct xie_sim *sim, const char *path);
void xie_sim_forget_paths(struct xie_sim *sim);

/* --- sim_connect.c: from two sockets to a connection -------------------------------- */

int xie_sim_listen(struct xie_sim_socket *self, int backlog);
/* accepted: receives it, with a descriptor. errors -EAGAIN -EMFILE … */
int xie_sim_accept(struct xie_sim_socket *self, struct xie_sim_socket **accepted);
int xie_sim_connect(struct xie_sim_socket *self, const struct sockaddr *address, socklen_t len);
int xie_sim_shutdown(struct xie_sim_socket *self, int how);

/* --- sim_flow.c: streams ------------------------------------------------------------ */

void xie_sim_flow_init(struct xie_sim_flow *flow);
void xie_sim_flow_fini(struct xie_sim *sim, struct xie_sim_flow *flow);
/* Send self the end of its stream, or a reset, after all that is under way. */
void xie_sim_flow_end(struct xie_sim_socket *self);
void xie_sim_flow_reset(struct xie_sim_socket *self);
/* How much self may write now. */
size_t xie_sim_room(const struct xie_sim_socket *self);
ssize_t xie_sim_stream_read(struct xie_sim_socket *self, const struct msghdr *message, int flags);
ssize_t xie_sim_stream_write(struct xie_sim_socket *self, const struct msghdr *message);

/* --- sim_packet.c: datagrams --------------------------------------------------------------------
 */

/* message->msg_name and msg_flags are written. */
ssize_t xie_sim_packet_read(struct xie_sim_socket *self, struct msghdr *message, int flags);
ssize_t xie_sim_packet_write(struct xie_sim_socket *self, const struct msghdr *message);
bool xie_sim_packet_ready(const struct xie_sim_socket *self);
void xie_sim_packets_drop(struct xie_sim_socket *self);
/* Those under way. */
void xie_sim_packets_forget(struct xie_sim *sim);

/* --- sim_option.c, sim_table.c ------------------------------------------------------ */

enum { XIE_SIM_REUSEADDR = 1 << 0, XIE_SIM_REUSEPORT = 1 << 1, XIE_SIM_V6ONLY = 1 << 2 };
int xie_sim_getsockopt(struct xie_sim_socket *self, int level, int name, void *value,
                       socklen_t *len);
int xie_sim_setsockopt(struct xie_sim_socket *self, int level, int name, const void *value,
                       socklen_t len);

/* The system calls of a sim loop's thread: ours for our descriptors, else the kernel's. */
extern const struct xie_sys xie_sim_sys;
/* The thread's world; NULL outside a sim loop. */
extern _Thread_local struct xie_sim *xie_sim_here;

#endif
