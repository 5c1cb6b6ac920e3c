/* xie.h - everything of the core in one include.
 * TLS, the web and bots have their own: <xie/tls.h>, <xie/web.h>, <xie/onebot.h>. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_H
#define XIE_H

#include <xie/address.h>
#include <xie/channel.h>
#include <xie/connect.h>
#include <xie/cores.h>
#include <xie/datagram.h>
#include <xie/debug.h>
#include <xie/error.h>
#include <xie/file.h>
#include <xie/future.h>
#include <xie/gather.h>
#include <xie/generator.h>
#include <xie/group.h>
#include <xie/inspect.h>
#include <xie/local.h>
#include <xie/loop.h>
#include <xie/memory.h>
#include <xie/pipe.h>
#include <xie/process.h>
#include <xie/process_transport.h>
#include <xie/promise.h>
#include <xie/protocol.h>
#include <xie/queue.h>
#include <xie/scope.h>
#include <xie/select.h>
#include <xie/server.h>
#include <xie/signal.h>
#include <xie/stream.h>
#include <xie/sync.h>
#include <xie/task.h>
#include <xie/thread.h>
#include <xie/time.h>
#include <xie/transport.h>
#include <xie/watch.h>

#endif
