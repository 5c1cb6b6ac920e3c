/* memory.c - what a bot remembers: a score for each person, a note for the group, a purchase that
 * happens as a whole or not at all. In memory here; with a path it outlives the process. */
/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <xie.h>
#include <xie/onebot/store.h>

enum { GROUP = 1000, ALICE = 1, BOB = 2 };

/* Ten points for a hat: the points are the ones that were seen, or nothing happens. */
static int buy_hat(struct onebot_store *store, const struct onebot_key *points)
{
    const struct onebot_key hat = {"shop", "hat", points->group_id, points->user_id};
    json_auto_t *seen = onebot_store_get(store, points).value;
    if (json_integer_value(seen) < 10)
        return -ENOENT;
    struct onebot_batch *batch = onebot_batch_new();
    onebot_batch_expect(batch, points, "O", seen);
    onebot_batch_add(batch, points, -10, NULL);
    onebot_batch_set(batch, &hat, "{s:s, s:i}", "colour", "red", "size", 58);
    int error = onebot_store_apply(store, batch);
    onebot_batch_free(batch);
    return error;
}

static int start(void *arg)
{
    const struct onebot_key alice = {"quiz", "score", GROUP, ALICE};
    const struct onebot_key bob = {"quiz", "score", GROUP, BOB};
    const struct onebot_key note = {"notes", "welcome", .group_id = GROUP};
    struct onebot_store *store;
    int64_t score = 0;
    (void)arg;
    int error = onebot_store_open(NULL, NULL, &store);
    if (error)
        return error;
    onebot_store_set(store, &note, "s", "Be kind.");
    for (int i = 0; i < 4; i++)
        onebot_store_add(store, &alice, 3, &score);
    onebot_store_add(store, &bob, 3, NULL);
    printf("Alice has %" PRId64 " points\n", score);
    printf("Alice buys a hat: %s\n", xie_strerror(buy_hat(store, &alice)));
    printf("Bob buys a hat: %s\n", buy_hat(store, &bob) ? "too poor" : "success");
    json_auto_t *left = onebot_store_get(store, &alice).value;
    printf("Alice has %" PRId64 " points\n", (int64_t)json_integer_value(left));
    json_auto_t *notes =
        onebot_store_list(store, &(struct onebot_key){"notes", "", GROUP, 0}, NULL, 0).value;
    printf("The group's note: %s\n", onebot_string(notes, "welcome"));
    onebot_store_close(store);
    return 0;
}

int main(void)
{
    return xie_run(start, NULL) ? 1 : 0;
}
