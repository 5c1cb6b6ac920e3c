/* gateway_accounts.c - the gateway's inside: accounts, doors, pictures, memory running out in them.
 * Tests, apps. Without sockets; gateway_accounts.py tests the program from outside. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xie/onebot.h>

#include "actions.h"
#include "call.h"
#include "gateway_kit.h"
#include "roster.h"
#include "scarce.h"
#include "shelf.h"
#include "sign.h"
#include "tap.h"

/* --- accounts ----------------------------------------------------------------------- */

static void accounts_and_people(void)
{
    begin();
    struct world *world = &gateway.world;
    CHECK(world_is_account(world, WORLD_BOT));
    CHECK(!world_is_account(world, 10001));
    CHECK(world_friends(world, WORLD_BOT, 10001) && world_friends(world, 10001, WORLD_BOT));
    CHECK(!world_friends(world, 10001, 10002)); /* neither is an account */
    CHECK_EQ(world_open_account(world, 10001, ""), 0);
    CHECK_STR(world_person(world, 10001)->nickname, "林晚");
    CHECK(world_friends(world, 10001, 10002));
    CHECK(world_friends(world, 10001, WORLD_BOT));
    CHECK(!world_friends(world, 10001, 10001));
    world_befriend(world, 10001, WORLD_BOT, false);
    CHECK(!world_friends(world, WORLD_BOT, 10001) && !world_friends(world, 10001, WORLD_BOT));
    CHECK_EQ(world_open_account(world, 10001, "晚"), 0);
    CHECK_STR(world_person(world, 10001)->nickname, "晚");
    world_close_account(world_account(world, 10001));
    CHECK(!world_account(world, 10001));
    CHECK_EQ(world_open_account(world, 10001, ""), 0); /* what it had is kept */
    CHECK(!world_friends(world, 10001, WORLD_BOT));
    CHECK_EQ(world->account_count, 2);
    CHECK(world_common_group(world, 10001, 10003) == world_group(world, 20001));
    CHECK(!world_common_group(world, 10001, 99));
    CHECK_EQ(world_open_account(world, 30000, ""), 0);
    CHECK_STR(world_person(world, 30000)->nickname, "30000");
    CHECK(world_friends(world, 30000, WORLD_BOT) && world_friends(world, 30000, 10005));
    end();
}

/* A name that does not fit is cut, not inside of a character. */
static void names_are_cut(void)
{
    char name[3 * 22 + 1] = "";
    begin();
    for (int i = 0; i < 22; i++)
        strcat(name, "名");
    CHECK_EQ(world_open_account(&gateway.world, 10001, name), 0);
    CHECK_EQ(strlen(world_person(&gateway.world, 10001)->nickname), 63);
    name[0] = 'x'; /* and no UTF-8 any more */
    CHECK_EQ(world_open_account(&gateway.world, 10001, name), 0);
    CHECK_EQ(strlen(world_person(&gateway.world, 10001)->nickname), 1 + 20 * 3);
    CHECK_EQ(strlen(world_add_group(&gateway.world, 5, name)->name), 1 + 20 * 3);
    end();
}

static void accounts_limit(void)
{
    begin();
    struct world *world = &gateway.world;
    for (int i = 1; i < WORLD_ACCOUNTS; i++)
        REQUIRE(world_open_account(world, 30000 + i, "") == 0);
    CHECK_EQ(world_open_account(world, 40000, ""), -ENOSPC);
    CHECK(!world_person(world, 40000)); /* nobody was made for nothing */
    CHECK_EQ(world_open_account(world, 30001, "again"), 0);
    end();
    begin();
    struct person one = {.user_id = 50000, .nickname = "x", .sex = "", .area = "", .friend = true};
    for (; world_add_person(world, &one); one.user_id++)
        ;
    CHECK_EQ(world->person_count, WORLD_PEOPLE);
    CHECK_EQ(world_open_account(world, 40000, ""), -ENOSPC);
    CHECK_EQ(world_open_account(world, 50000, ""), 0); /* who is there already may */
    end();
}

/* A call by an account that has been closed is refused, and so is one that waited. */
static void closed_accounts_do_nothing(void)
{
    const struct caller twin = {&gateway, 10010, 2};
    static const char text[] = "{\"action\":\"send_group_msg\",\"params\":{\"group_id\":20001,"
                               "\"message\":\"x\"},\"echo\":5}";
    struct frame *frame = NULL;
    begin();
    CHECK_EQ(roster_open(&gateway, 10010, "", true), 0);
    CHECK_EQ(actions_answer_text(&twin, text, strlen(text), &frame), 0);
    CHECK(frame && strstr(frame->text, "\"ok\""));
    frame_unref(frame);
    CHECK_EQ(roster_close(&gateway, 10010), 0);
    CHECK_EQ(roster_close(&gateway, 10010), -ENOENT);
    CHECK_EQ(roster_close(&gateway, WORLD_BOT), -EPERM);
    CHECK_EQ(actions_answer_text(&twin, text, strlen(text), &frame), 0);
    CHECK(frame && strstr(frame->text, "1403") && strstr(frame->text, "\"echo\":5"));
    frame_unref(frame);
    CHECK_EQ(gateway.history.next, 2);
    end();
}

static void doors(void)
{
    static const struct {
        int64_t own;
        const char *path, *rest;
        int64_t account_id;
    } cases[] = {{0, "/", "/", WORLD_BOT},
                 {0, "/api", "/api", WORLD_BOT},
                 {0, "/10002", "", 10002},
                 {0, "/10002/", "/", 10002},
                 {0, "/10002/api", "/api", 10002},
                 {0, "/1x/api", "/1x/api", WORLD_BOT},
                 {0, "/-1/api", "/-1/api", WORLD_BOT},
                 {0, "/99999999999999999999/api", "/99999999999999999999/api", WORLD_BOT},
                 {0, "", "", WORLD_BOT},
                 {5, "/", "/", 5},
                 {5, "/10002", "/10002", 5}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct door door = {&gateway, "h", cases[i].own};
        int64_t account_id = 0;
        CHECK_STR(roster_door(&door, cases[i].path, &account_id), cases[i].rest);
        CHECK_EQ(account_id, cases[i].account_id);
    }
}

/* --- memory that runs out ----------------------------------------------------------- */

/* Each call by one of the accounts; answers may be missing or failed, nothing may break. */
static void call_all(const struct caller *caller)
{
    static const char image[] = "{\"action\":\"send_group_msg\",\"params\":{\"group_id\":20002,"
                                "\"message\":\"[CQ:image,file=base64://AAAA][CQ:dice]\"}}";
    static const char reaction[] = "{\"action\":\"set_group_reaction\",\"params\":"
                                   "{\"message_id\":1,\"code\":\"1\"}}";
    static const char whisper[] = "{\"action\":\"send_private_msg\",\"params\":"
                                  "{\"user_id\":10010,\"message\":\"psst\"}}";
    static const char *const calls[] = {
        image,
        "{\"action\":\"get_image\",\"params\":{\"file\":\"base64://AAAA\"}}",
        "{\"action\":\"download_file\",\"params\":{\"base64\":\"AAAA\"}}",
        reaction,
        whisper,
        "{\"action\":\"get_friend_msg_history\",\"params\":{\"user_id\":10010}}",
        "{\"action\":\"get_friend_list\"}",
        "{\"action\":\"get_credentials\"}"};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct frame *frame = NULL;
        (void)actions_answer_text(caller, calls[i], strlen(calls[i]), &frame);
        frame_unref(frame);
    }
}

static void everything(void)
{
    static action_fn *const acts[] = {sign_input, sign_like, sign_client, sign_offline};
    const struct caller one = {&gateway, WORLD_BOT, 1}, twin = {&gateway, 10010, 2};
    strcpy(gateway.page, "http://127.0.0.1:8080");
    (void)roster_open(&gateway, 10010, "", true);
    gateway.seats[1].report_self = true;
    call_all(&one);
    call_all(&twin);
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        struct call act = {.gateway = &gateway, .self = 10001};
        json_decref(acts[i](&act));
    }
    (void)roster_close(&gateway, 10010);
}

static void memory_runs_out(void)
{
    long n = 0;
    tap_limit(120);
    json_set_alloc_funcs(__wrap_malloc, free);
    do {
        begin();
        scarce_failed = false;
        scarce_left = n++;
        everything();
        scarce_left = -1;
        CHECK_EQ(gateway.world.account_count, 2);
        CHECK_EQ(roster_open(&gateway, 10010, "again", true), 0);
        CHECK(roster_seat(&gateway, 10010) == &gateway.seats[1]);
        end();
    } while (scarce_failed);
    CHECK(n > 100); /* it did fail, in many places */
}

/* --- files -------------------------------------------------------------------------- */

static void shelf_stays_whole(void)
{
    char path[SHELF_PATH], other[SHELF_PATH];
    begin();
    CHECK_EQ(shelf_put(&gateway, "a.bin", (const unsigned char *)"x", 1, path), 0);
    CHECK_EQ(shelf_put(&gateway, "a.bin", (const unsigned char *)"y", 1, other), 0);
    CHECK_STR(other, path);
    CHECK_EQ(gateway.shelf.count, 1);
    CHECK_EQ(access(path, R_OK), 0);
    CHECK_EQ(rmdir(gateway.shelf.folder), -1); /* it is not empty */
    CHECK_EQ(unlink(path), 0);
    CHECK_EQ(rmdir(gateway.shelf.folder), 0); /* somebody took it away */
    CHECK_EQ(shelf_put(&gateway, "b.bin", (const unsigned char *)"z", 1, path), -ENOENT);
    CHECK_EQ(gateway.shelf.count, 1);
    end();
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"accounts_and_people", accounts_and_people},
        {"names_are_cut", names_are_cut},
        {"accounts_limit", accounts_limit},
        {"closed_accounts_do_nothing", closed_accounts_do_nothing},
        {"doors", doors},
        {"memory_runs_out", memory_runs_out},
        {"shelf_stays_whole", shelf_stays_whole},
        {0},
    };
    return tap_main(argc, argv, tests);
}
