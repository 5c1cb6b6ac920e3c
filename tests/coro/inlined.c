/* inlined.c - tests of next, send and yield without a call, beside the library's functions.
 * Floor 1. */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <string.h>

#include <xie/generator.h>

#include "tap.h"

/* The library's, which the compiler cannot see through. */
static int (*volatile next_called)(struct xie_gen *, void **) = xie_gen_next;
static int (*volatile send_called)(struct xie_gen *, void *, void **) = xie_gen_send;
static int (*volatile yield_called)(struct xie_gen *, void *, void **) = xie_gen_yield;

static int yield_one(struct xie_gen *self, bool called, void *value, void **sent)
{
    return called ? yield_called(self, value, sent) : xie_gen_yield(self, value, sent);
}

static int send_one(struct xie_gen *gen, bool called, void *value, void **out)
{
    return called ? send_called(gen, value, out) : xie_gen_send(gen, value, out);
}

static int next_one(struct xie_gen *gen, bool called, void **out)
{
    return called ? next_called(gen, out) : xie_gen_next(gen, out);
}

struct ways {
    bool body, consumer; /* call */
    int turn;            /* with each another way: both are mixed */
};

static bool way(const struct ways *ways, bool called)
{
    return called != (ways->turn % 3 == 2);
}

static void *number(uintptr_t value)
{
    return (void *)value;
}

/* Yields the sum of what it was sent. */
static int adds(struct xie_gen *self, void *arg)
{
    struct ways *ways = arg;
    uintptr_t sum = 0;
    for (;;) {
        void *sent = number(7777);
        int error = yield_one(self, way(ways, ways->body), number(sum), &sent);
        if (error)
            return error == XIE_EGENEXIT ? error : error - 1;
        sum += (uintptr_t)sent;
    }
}

static void exchanges(struct ways ways)
{
    struct xie_gen *gen = xie_gen_new(adds, &ways);
    REQUIRE(gen);
    void *out = number(1);
    CHECK_EQ(next_one(gen, ways.consumer, &out), 1);
    CHECK(out == number(0));
    uintptr_t sum = 0;
    for (ways.turn = 1; ways.turn < 100; ways.turn++) {
        uintptr_t sent = (uintptr_t)ways.turn * 0x10000001u;
        CHECK_EQ(send_one(gen, way(&ways, ways.consumer), number(sent), &out), 1);
        sum += sent;
        CHECK(out == number(sum));
        CHECK_EQ(next_one(gen, way(&ways, ways.consumer), NULL), 1);
        CHECK_EQ(xie_gen_state(gen), XIE_GEN_SUSPENDED);
    }
    CHECK_EQ(xie_gen_throw(gen, -5, &out), -6);
    CHECK(out == number(sum)); /* untouched */
    CHECK_EQ(next_one(gen, ways.consumer, &out), 0);
    CHECK_EQ(send_one(gen, ways.consumer, &sum, &out), 0);
    CHECK(out == number(sum));
    xie_gen_free(gen);
}

static void called_and_inlined_mix(void)
{
    for (int i = 0; i < 4; i++)
        exchanges((struct ways){.body = i & 1, .consumer = i & 2});
}

static int delegates(struct xie_gen *self, void *inner)
{
    void *result = NULL;
    int error = xie_gen_yield_from(self, inner, &result);
    return error ? error : xie_gen_return(self, result);
}

static int counts(struct xie_gen *self, void *arg)
{
    struct ways *ways = arg;
    for (ways->turn = 0; ways->turn < 9; ways->turn++) {
        void *sent = NULL;
        int error = yield_one(self, way(ways, ways->body), number((uintptr_t)ways->turn), &sent);
        if (error)
            return error;
        CHECK(sent == number((uintptr_t)ways->turn * 3));
    }
    return xie_gen_return(self, ways);
}

static void the_innermost_of_a_chain_too(void)
{
    for (int i = 0; i < 4; i++) {
        struct ways ways = {.body = i & 1, .consumer = i & 2};
        struct xie_gen *inner = xie_gen_new(counts, &ways);
        struct xie_gen *middle = xie_gen_new(delegates, inner);
        struct xie_gen *outer = xie_gen_new(delegates, middle);
        void *out = NULL;
        int status = next_one(outer, ways.consumer, &out);
        for (uintptr_t n = 0; status == 1; n++) {
            CHECK(out == number(n));
            status = send_one(outer, way(&ways, ways.consumer), number(n * 3), &out);
        }
        CHECK_EQ(status, 0);
        CHECK(xie_gen_result(outer) == &ways);
        xie_gen_free(outer);
        xie_gen_free(middle);
        xie_gen_free(inner);
    }
}

/* More live values than there are registers. */
static __attribute__((noinline)) uint64_t churn(struct xie_gen *gen, struct xie_gen *self,
                                                bool called, uint64_t seed)
{
    uint64_t a = seed, b = a * 3, c = a * 5, d = a * 7, e = a * 11, f = a * 13, g = a * 17;
    double p = (double)seed, q = p * 2, r = p * 3, s = p * 5, t = p * 7, u = p * 11, v = p * 13;
    for (int turn = 0; turn < 50; turn++) {
        void *value = number(1);
        if (gen)
            a += (uint64_t)next_one(gen, called, &value);
        else if (self)
            a += 1 + (uint64_t)yield_one(self, called, value, NULL);
        else
            a += 1;
        b += a, c += b, d += c, e += d, f += e, g += f;
        p += 1, q += p, r += q, s += r, t += s, u += t, v += u;
    }
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return a ^ b ^ c ^ d ^ e ^ f ^ g ^ bits;
}

static uint64_t inside;

static int churns(struct xie_gen *self, void *arg)
{
    inside = churn(NULL, self, *(bool *)arg, 4711);
    return 0;
}

static void what_lives_is_kept(void)
{
    for (int i = 0; i < 4; i++) {
        bool body = i & 1;
        struct xie_gen *gen = xie_gen_new(churns, &body);
        REQUIRE(gen);
        inside = 0;
        CHECK(churn(gen, NULL, i & 2, 31) == churn(NULL, NULL, false, 31));
        CHECK_EQ(xie_gen_next(gen, NULL), 0); /* its last turn */
        CHECK(inside == churn(NULL, NULL, false, 4711));
        xie_gen_free(gen);
    }
}

/* Frames that compilers find by a base pointer of their own: aligned, with an array whose size is
 * known late. */
static __attribute__((noinline)) int odd_frame(struct xie_gen *gen, struct xie_gen *self,
                                               size_t size)
{
    _Alignas(128) volatile char wide[128];
    volatile char *late = __builtin_alloca(size);
    int sum = 0;
    for (size_t i = 0; i < size; i++) {
        late[i] = (char)(i * 7);
        wide[i % 128] = (char)i;
        sum += gen ? xie_gen_next(gen, NULL) : 1 + xie_gen_yield(self, NULL, NULL);
        CHECK_EQ(late[i], (char)(i * 7));
        CHECK_EQ(wide[i % 128], (char)i);
    }
    CHECK((uintptr_t)wide % 128 == 0);
    return sum;
}

static int odd(struct xie_gen *self, void *arg)
{
    (void)arg;
    CHECK_EQ(odd_frame(NULL, self, 100), 100);
    return 0;
}

static void frames_of_any_kind(void)
{
    struct xie_gen *gen = xie_gen_new(odd, NULL);
    REQUIRE(gen);
    CHECK_EQ(odd_frame(gen, NULL, 100), 100);
    CHECK_EQ(xie_gen_next(gen, NULL), 0);
    xie_gen_free(gen);
}

/* What the inline ones call is what stands behind the names. */
static void other_names_are_the_same_functions(void)
{
    CHECK(next_called == xie_gen_next_called_);
    CHECK(send_called == xie_gen_send_called_);
    CHECK(yield_called == xie_gen_yield_called_);
}

static void none_is_refused(void)
{
    void *out = number(5);
    for (int called = 0; called < 2; called++) {
        CHECK_EQ(next_one(NULL, called, &out), -ENOMEM);
        CHECK_EQ(send_one(NULL, called, NULL, &out), -ENOMEM);
        CHECK_EQ(yield_one(NULL, called, NULL, &out), -ENOMEM);
    }
    CHECK(out == number(5));
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"called and inlined mix", called_and_inlined_mix},
        {"the innermost of a chain too", the_innermost_of_a_chain_too},
        {"what lives is kept", what_lives_is_kept},
        {"frames of any kind", frames_of_any_kind},
        {"other names are the same functions", other_names_are_the_same_functions},
        {"none is refused", none_is_refused},
        {0},
    };
    return tap_main(argc, argv, tests);
}
