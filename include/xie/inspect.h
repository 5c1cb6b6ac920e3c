/* inspect.h - where a tool outside finds the tasks of a running program: `xie ps`, debuggers.
 * Floor 3. Costs a running program nothing: the tool reads its memory. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_INSPECT_H
#define XIE_INSPECT_H

#include <stdint.h>

#include <xie/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { XIE_INSPECT_VERSION = 1 }; /* changes with the meaning of a field below */

#define XIE_INSPECT_MAGIC "xie inspect"

/* A map of the library's own structs: offsets in bytes. A ring is a list of {next, prev},
 * linked through a member of what it links. */
struct xie_inspect {
    char magic[12];    /* XIE_INSPECT_MAGIC */
    uint16_t version;  /* XIE_INSPECT_VERSION */
    uint16_t size;     /* of this struct */
    const void *loops; /* the ring of the process's loops */
    struct {
        uint16_t link;    /* in `loops` */
        uint16_t backend; /* a pointer to a pointer to its name */
        uint16_t current; /* the task that runs, or NULL */
        uint16_t tasks;   /* a ring: those that have not ended */
        uint16_t ended;   /* a ring: those whose handle was not given back */
    } loop;
    struct {
        uint16_t link;        /* in one of the two rings */
        uint16_t id;          /* uint64_t */
        uint16_t name, where; /* strings */
        uint16_t wait;        /* what it waits in, or NULL */
        uint16_t group;       /* the one it belongs to, or NULL */
        uint16_t told;        /* int: not 0 once it is told to end */
        uint16_t result;      /* int: of one that has ended */
        uint16_t registers;   /* of one that does not run: three words, pc, sp, frame pointer;
                                 0: not to be had (the ucontext fallback) */
    } task;
    struct {
        uint16_t what;    /* a string */
        uint16_t blocker; /* a pointer to where a pointer to the task stands that is waited for */
    } wait;
    struct {
        uint16_t opener; /* the task */
    } group;
};

/* The one of this process. Found by its name in the symbol table. */
XIE_API extern const struct xie_inspect xie_inspect;

#ifdef __cplusplus
}
#endif
#endif
