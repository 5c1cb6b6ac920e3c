/* sanitize.h - what AddressSanitizer, ThreadSanitizer and valgrind are told of stacks and
 * switches. Floor 1. Nothing at all in a plain build. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CORO_SANITIZE_H
#define XIE_CORO_SANITIZE_H

#include <stdbool.h>
#include <stddef.h>

#include "coro/stack.h"

#ifndef __has_feature
#define XIE_HAS_FEATURE(name) 0
#else
#define XIE_HAS_FEATURE(name) __has_feature(name)
#endif
#if defined(__SANITIZE_ADDRESS__) || XIE_HAS_FEATURE(address_sanitizer)
#define XIE_ASAN 1
#else
#define XIE_ASAN 0
#endif
#if defined(__SANITIZE_THREAD__) || XIE_HAS_FEATURE(thread_sanitizer)
#define XIE_TSAN 1
#else
#define XIE_TSAN 0
#endif
#define XIE_SANITIZED (XIE_ASAN || XIE_TSAN)

/* Inlined always: speed, and because ThreadSanitizer counts calls per fiber: a function must not
 * be entered on one and left on another. */
#define XIE_INLINE static inline __attribute__((always_inline))

#if XIE_ASAN
#include "coro/sanitize_address.h"
#elif XIE_TSAN
#include "coro/sanitize_thread.h"
#else
#include "coro/sanitize_none.h"
#endif

/* valgrind watches changes of the stack pointer: it must know what is a stack, and where one is
 * used anew, for what the last user's calls have left it takes for out of bounds. Its requests are
 * a few idle instructions where it does not run. */
#if !defined(NVALGRIND) && __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#define XIE_VALGRIND_REGISTER(low, high) VALGRIND_STACK_REGISTER(low, high)
#define XIE_VALGRIND_FORGET(id) VALGRIND_STACK_DEREGISTER(id)
#define XIE_VALGRIND_RENEW(low, size) ((void)VALGRIND_MAKE_MEM_UNDEFINED(low, size))
#define XIE_VALGRIND_RUNS (RUNNING_ON_VALGRIND != 0)
#else
#define XIE_VALGRIND_REGISTER(low, high) 0
#define XIE_VALGRIND_FORGET(id) ((void)(id))
#define XIE_VALGRIND_RENEW(low, size) ((void)(low))
#define XIE_VALGRIND_RUNS false
#endif

#endif
