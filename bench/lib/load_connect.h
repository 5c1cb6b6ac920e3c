/* load_connect.h - the connections of a load generator, between load.c and load_connect.c. */
/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LOAD_CONNECT_H
#define BENCH_LOAD_CONNECT_H

#include "load.h"

struct load_server {
    int port, epoll;
    size_t index, count; /* count: of open connections; 0 while closed */
    struct load_connection *connections;
    int64_t *since; /* depth for each connection */
};

struct load_servers {
    struct load_server *each;
    size_t count;
};

/* 0, or the program's exit code after a word on stderr. */
int load_arguments(int argc, char **argv, struct load_protocol *protocol,
                   struct load_servers *servers);
int load_open(struct load_protocol *protocol, struct load_server *server);
void load_close(struct load_protocol *protocol, struct load_server *server);
void load_end(struct load_protocol *protocol, struct load_servers *servers);

#endif
