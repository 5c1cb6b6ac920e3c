/* crash.c - what is said when the process is about to die by a signal.
 * Floor 1. */
/* SPDX-License-Identifier: MIT */
#include "coro/crash.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/misuse.h"
#include "coro/place.h"

static void (*teller)(struct xie_crash *crash); /* atomic; NULL: nobody watches */

static const struct {
    int number;
    const char *name;
} signals[] = {{SIGSEGV, "SIGSEGV"},
               {SIGBUS, "SIGBUS"},
               {SIGILL, "SIGILL"},
               {SIGFPE, "SIGFPE"},
               {SIGABRT, "SIGABRT"}};

enum { SIGNALS = sizeof signals / sizeof *signals };

static const char *name_of(int number)
{
    for (int i = 0; i < SIGNALS; i++)
        if (signals[i].number == number)
            return signals[i].name;
    return "?";
}

void xie_crash_say(struct xie_crash *crash, const char *format, ...)
{
    static const char before[] = "xie: crash: ";
    size_t room = sizeof crash->text - crash->len;
    if (room < sizeof before + 2)
        return;
    memcpy(crash->text + crash->len, before, sizeof before);
    crash->len += sizeof before - 1;
    va_list args;
    va_start(args, format);
    crash->len += xie_format(crash->text + crash->len, room - sizeof before, format, args);
    va_end(args);
    crash->text[crash->len++] = '\n';
}

/* By the kernel, which looks whether there is any. */
size_t xie_crash_stack(const struct xie_crash *crash, uintptr_t *words, size_t cap)
{
    uintptr_t start = (uintptr_t)crash->sp & ~(uintptr_t)(sizeof *words - 1);
    size_t count = 0, most;
    while (start && count < cap) {
        uintptr_t at = start + count * sizeof *words;
        most = (4096 - at % 4096) / sizeof *words; /* a page is readable or it is not */
        most = most < cap - count ? most : cap - count;
        struct iovec to = {words + count, most * sizeof *words};
        struct iovec from = {(void *)at, most * sizeof *words};
        if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) != (ssize_t)to.iov_len)
            break;
        count += most;
    }
    return count;
}

/* The kernel's own faults have an address: of the data, or of the instruction. */
static void say_signal(struct xie_crash *crash, const siginfo_t *info)
{
    if (info->si_code > 0)
        xie_crash_say(crash, "%s at address %p, by the instruction at %p", name_of(crash->signal),
                      info->si_addr, crash->pc);
    else if (info->si_pid == getpid())
        xie_crash_say(crash, "%s, raised by the process itself", name_of(crash->signal));
    else
        xie_crash_say(crash, "%s, sent by process %d", name_of(crash->signal), (int)info->si_pid);
}

void xie_crash_report(const siginfo_t *info, const void *context)
{
    void (*tell)(struct xie_crash * crash) = __atomic_load_n(&teller, __ATOMIC_ACQUIRE);
    struct xie_crash crash;
    if (!tell)
        return;
    crash.signal = info->si_signo;
    crash.pc = xie_place_pc(context);
    crash.sp = xie_place_sp(context);
    crash.len = 0;
    say_signal(&crash, info);
    tell(&crash);
    while (write(STDERR_FILENO, crash.text, crash.len) < 0 && errno == EINTR)
        ;
}

void xie_crash_watch(void (*tell)(struct xie_crash *crash))
{
    void (*none)(struct xie_crash * crash) = NULL;
    if (!__atomic_compare_exchange_n(&teller, &none, tell, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE))
        return;
    for (int i = 0; i < SIGNALS; i++)
        xie_overflow_take(signals[i].number);
}
