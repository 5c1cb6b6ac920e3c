/* sim_random.c - chance: one seeded source for the whole world, and a record of its events.
 * Floor 2. Knows no sockets. */
/* SPDX-License-Identifier: MIT */
#include "base/option.h"
#include "loop/sim.h"

enum { THOUSAND = 1000, CHANCE_MOST = 2000000000 };

/* Scatter the bits of a counter (the finalizer of MurmurHash3, by Austin Appleby). */
static uint64_t scatter(uint64_t x)
{
    x ^= x >> 33;
    x *= UINT64_C(0xff51afd7ed558ccd);
    x ^= x >> 33;
    x *= UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ x >> 33;
}

uint64_t xie_sim_below(struct xie_sim *sim, uint64_t limit)
{
    /* A Weyl sequence through the mixer. The bias of % is below 2^-32 for what is asked. */
    sim->random += UINT64_C(0x9e3779b97f4a7c15);
    return scatter(sim->random) % limit;
}

bool xie_sim_chance(struct xie_sim *sim, unsigned thousandths)
{
    if (!thousandths || xie_sim_below(sim, THOUSAND) >= thousandths)
        return false;
    xie_sim_trace(sim, XIE_SIM_SAW_FAULT, 0, thousandths);
    return true;
}

int64_t xie_sim_latency(struct xie_sim *sim)
{
    const struct xie_sim_chances *chances = &sim->chances;
    return (int64_t)(chances->latency_ns + xie_sim_below(sim, (uint64_t)chances->jitter_ns + 1));
}

void xie_sim_trace(struct xie_sim *sim, enum xie_sim_event event, uint32_t serial, uint64_t amount)
{
    uint64_t trace = sim->loop->trace;
    trace = scatter(trace ^ ((uint64_t)event << 32 | serial));
    trace = scatter(trace ^ amount);
    sim->loop->trace = scatter(trace ^ (uint64_t)sim->now);
}

int xie_sim_chances_init(struct xie_sim_chances *chances)
{
    *chances = (struct xie_sim_chances){
        .short_read = 100,
        .short_write = 100,
        .again = 50,
        .interrupt = 20,
        .latency_ns = 20000,
        .jitter_ns = 200000,
    };
    const struct {
        const char *name;
        unsigned most, *chance;
    } variables[] = {
        {"XIE_SIM_SHORT_READ", THOUSAND, &chances->short_read},
        {"XIE_SIM_SHORT_WRITE", THOUSAND, &chances->short_write},
        {"XIE_SIM_AGAIN", THOUSAND - 1, &chances->again},
        {"XIE_SIM_INTERRUPT", THOUSAND - 1, &chances->interrupt},
        {"XIE_SIM_RESET", THOUSAND, &chances->reset},
        {"XIE_SIM_DROP", THOUSAND, &chances->drop},
        {"XIE_SIM_REORDER", THOUSAND, &chances->reorder},
        {"XIE_SIM_LATENCY", CHANCE_MOST, &chances->latency_ns},
        {"XIE_SIM_JITTER", CHANCE_MOST, &chances->jitter_ns},
    };
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        uint64_t chance = *variables[i].chance;
        int error = xie_option_read(variables[i].name, 0, variables[i].most, &chance);
        if (error)
            return error;
        *variables[i].chance = (unsigned)chance;
    }
    return 0;
}
