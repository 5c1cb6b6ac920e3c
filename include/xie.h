/* xie.h - everything of the core in one include.
 * TLS, the web and bots have their own: <xie/tls.h>, <xie/web.h>, <xie/onebot.h>. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_H
#define XIE_H

#include <xie/address.h>
#include <xie/error.h>
#include <xie/future.h>
#include <xie/generator.h>
#include <xie/group.h>
#include <xie/local.h>
#include <xie/loop.h>
#include <xie/memory.h>
#include <xie/scope.h>
#include <xie/signal.h>
#include <xie/stream.h>
#include <xie/sync.h>
#include <xie/task.h>
#include <xie/thread.h>
#include <xie/time.h>

#endif
