/* resolve.c - the promises of <xie/address.h>: names. Needs no network: the look-up itself is
 * stood in for where its answer matters. */
/* SPDX-License-Identifier: MIT */
#include <netdb.h>
#include <unistd.h>

#include "base/fault.h"
#include "io/kit.h"

/* --- the stand-in ------------------------------------------------------------------- */

/* What getaddrinfo is to say; 0: ask the real one. This definition comes before libc's. */
static int answer;
static int slow; /* it takes until this is cleared */
static int asked;

/* The one service of this machine. */
static int service_answer(const char *service, struct addrinfo **list)
{
    static struct sockaddr_in in;
    static struct addrinfo info = {.ai_family = AF_INET, .ai_addr = (struct sockaddr *)&in};
    in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(80)};
    *list = &info;
    return strcmp(service, "http") ? EAI_SERVICE : 0;
}

int getnameinfo(const struct sockaddr *address, socklen_t len, char *host, socklen_t host_cap,
                char *service, socklen_t service_cap, int flags)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
    (void)len;
    __atomic_add_fetch(&asked, 1, __ATOMIC_SEQ_CST);
    if (answer)
        return answer;
    if (host && in->sin_addr.s_addr != htonl(INADDR_LOOPBACK))
        return flags & NI_NAMEREQD ? EAI_NONAME : EAI_FAIL;
    if (host)
        snprintf(host, host_cap, "here.test");
    if (in->sin_port == htons(80))
        snprintf(service, service_cap, "http");
    else
        snprintf(service, service_cap, "%u", ntohs(in->sin_port));
    return 0;
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                struct addrinfo **list)
{
    static _Thread_local struct sockaddr_in in[40];
    static _Thread_local struct addrinfo infos[40];
    __atomic_add_fetch(&asked, 1, __ATOMIC_SEQ_CST);
    if (!host)
        return answer ? answer : service_answer(service, list);
    while (__atomic_load_n(&slow, __ATOMIC_SEQ_CST))
        usleep(1000);
    if (answer)
        return answer;
    int count = !strcmp(host, "many.test") ? 40 : !strcmp(host, "two.test") ? 2 : 0;
    if (!strcmp(host, "only-without.test") && !(hints->ai_flags & AI_ADDRCONFIG))
        count = 1;
    for (int i = 0; i < count; i++) {
        in[i] = (struct sockaddr_in){.sin_family = AF_INET};
        in[i].sin_addr.s_addr = htonl(0x0a000001 + (unsigned)i);
        infos[i] = (struct addrinfo){.ai_family = AF_INET,
                                     .ai_addr = (struct sockaddr *)&in[i],
                                     .ai_addrlen = sizeof in[i],
                                     .ai_next = i + 1 < count ? &infos[i + 1] : NULL};
    }
    *list = infos;
    return count ? 0 : EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *list)
{
    (void)list;
}

static void skip_on_sim(void)
{
    if (kit_on("sim"))
        tap_skip("sim has its own names");
}

static const char *text_of(const struct xie_address *address)
{
    static char text[XIE_ADDRESS_TEXT];
    return xie_address_format(address, text);
}

/* --- numbers and nothing -------------------------------------------------------------------------
 */

static void without_a_loop(void)
{
    struct xie_address found[3];
    CHECK_EQ(xie_resolve("127.0.0.1", 80, found, 3), 1);
    CHECK_STR(text_of(&found[0]), "127.0.0.1:80");
    CHECK_EQ(xie_resolve("::1", 80, found, 3), 1);
    CHECK_STR(text_of(&found[0]), "[::1]:80");
    CHECK_EQ(xie_resolve(NULL, 7, found, 3), 2);
    CHECK_STR(text_of(&found[0]), "0.0.0.0:7");
    CHECK_STR(text_of(&found[1]), "[::]:7");
    CHECK_EQ(xie_resolve("", 7, found, 1), 1);
    CHECK_EQ(xie_resolve("127.0.0.1", 80, found, 0), -EINVAL);
    CHECK_EQ(xie_resolve("localhost", 80, found, 3), -EPERM);
    CHECK_EQ(asked, 0); /* numbers never leave the thread */
}

/* --- names -------------------------------------------------------------------------- */

IN_TASK(localhost_is_known_everywhere)
{
    struct xie_address found[4];
    answer = EAI_NONAME; /* not even a hosts file */
    CHECK_EQ(xie_resolve("localhost", 80, found, 4), 1);
    CHECK_STR(text_of(&found[0]), "127.0.0.1:80");
    CHECK_EQ(xie_resolve("other", 80, found, 4), XIE_EDNS_NONAME);
    return 0;
}

IN_TASK(as_many_as_there_is_room_for)
{
    struct xie_address found[40];
    skip_on_sim();
    CHECK_EQ(xie_resolve("two.test", 80, found, 40), 2);
    CHECK_STR(text_of(&found[0]), "10.0.0.1:80");
    CHECK_STR(text_of(&found[1]), "10.0.0.2:80");
    found[1].len = 99;
    CHECK_EQ(xie_resolve("two.test", 81, found, 1), 1);
    CHECK_STR(text_of(&found[0]), "10.0.0.1:81");
    CHECK_EQ(found[1].len, 99);
    CHECK_EQ(xie_resolve("many.test", 80, found, 40), 32);
    CHECK_STR(text_of(&found[31]), "10.0.0.32:80");
    return 0;
}

IN_TASK(a_machine_with_only_the_loopback_finds_names_too)
{
    struct xie_address found;
    skip_on_sim();
    CHECK_EQ(xie_resolve("only-without.test", 80, &found, 1), 1);
    CHECK_EQ(asked, 2);
    return 0;
}

IN_TASK(errors_of_the_resolver)
{
    static const struct {
        int said, means;
    } errors[] = {{EAI_NONAME, XIE_EDNS_NONAME}, {EAI_NODATA, XIE_EDNS_NONAME},
                  {EAI_AGAIN, XIE_EDNS_AGAIN},   {EAI_FAIL, XIE_EDNS_FAIL},
                  {EAI_MEMORY, -ENOMEM},         {EAI_SYSTEM, XIE_EDNS_FAIL}};
    struct xie_address found = {.len = 99};
    skip_on_sim();
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        answer = errors[i].said;
        CHECK_EQ(xie_resolve("some.test", 80, &found, 1), errors[i].means);
    }
    CHECK_EQ(found.len, 99);
    return 0;
}

IN_TASK(names_of_impossible_length)
{
    struct xie_address found;
    char name[255];
    memset(name, 'n', sizeof name);
    name[254] = 0;
    CHECK_EQ(xie_resolve(name, 80, &found, 1), XIE_EDNS_NONAME);
    CHECK_EQ(asked, 0);
    name[253] = 0;
    CHECK_EQ(xie_resolve(name, 80, &found, 1), XIE_EDNS_NONAME);
    CHECK(kit_on("sim") || asked);
    return 0;
}

/* --- sim's names, and the other way round --------------------------------------------------------
 */

static void only_on_sim(void)
{
    if (!kit_on("sim"))
        tap_skip("of sim alone");
}

IN_TASK(sim_knows_what_its_variable_says)
{
    static const char most[] = "a=1.1.1.1,1.1.1.2,1.1.1.3,1.1.1.4,1.1.1.5,1.1.1.6,1.1.1.7,1.1.1.8,"
                               "1.1.2.1,1.1.2.2,1.1.2.3,1.1.2.4,1.1.2.5,1.1.2.6,1.1.2.7,1.1.2.8,"
                               "1.1.3.1,1.1.3.2,1.1.3.3,1.1.3.4,1.1.3.5,1.1.3.6,1.1.3.7,1.1.3.8,"
                               "1.1.4.1,1.1.4.2,1.1.4.3,1.1.4.4,1.1.4.5,1.1.4.6,1.1.4.7,1.1.4.8,"
                               "1.1.5.1";
    struct xie_address found[40];
    only_on_sim();
    setenv("XIE_SIM_HOSTS",
           "one.test=192.0.2.1  both.test=::1,127.0.0.2 bad=1.2.3,x, localhost=::1", 1);
    CHECK_EQ(xie_resolve("one.test", 80, found, 40), 1);
    CHECK_STR(text_of(&found[0]), "192.0.2.1:80");
    CHECK_EQ(xie_resolve("both.test", 80, found, 40), 2);
    CHECK_STR(text_of(&found[0]), "[::1]:80");
    CHECK_STR(text_of(&found[1]), "127.0.0.2:80");
    CHECK_EQ(xie_resolve("both.test", 80, found, 1), 1);
    CHECK_EQ(xie_resolve("localhost", 80, found, 40), 1);
    CHECK_STR(text_of(&found[0]), "[::1]:80");
    CHECK_EQ(xie_resolve("bad", 80, found, 40), XIE_EDNS_NONAME);
    CHECK_EQ(xie_resolve("both", 80, found, 40), XIE_EDNS_NONAME);
    CHECK_EQ(xie_resolve("test", 80, found, 40), XIE_EDNS_NONAME);
    setenv("XIE_SIM_HOSTS", most, 1);
    CHECK_EQ(xie_resolve("a", 80, found, 40), 32);
    return 0;
}

static int ask_twice(void *arg)
{
    struct xie_address found[8];
    (void)arg;
    return xie_resolve("a", 80, found, 8) == 1 && xie_resolve("a", 80, found, 8) == 1 ? 0 : 1;
}

static void run_with_hosts(void *hosts)
{
    setenv("XIE_SIM_HOSTS", hosts, 1);
    _exit(xie_run(ask_twice, NULL));
}

static void what_sim_cannot_use_of_its_hosts_is_told_once(void)
{
    static char *const bad[] = {"b", "b=", "=1.2.3.4", "b=1.2.3", "b=1.2.3.4,", "b=1.2.3.4,x"};
    char text[512], all[64], expected[512];
    const char *backend = getenv("XIE_BACKEND");
    if (!backend || strcmp(backend, "sim") != 0)
        tap_skip("others ask the system");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(all, sizeof all, " %s a=1.2.3.4", bad[i]);
        snprintf(
            expected, sizeof expected,
            "xie: XIE_SIM_HOSTS=%s is not used as it stands: name=address,address is allowed\n",
            bad[i]);
        CHECK_EQ(tap_child(run_with_hosts, all, text, sizeof text), 0);
        CHECK_STR(text, expected);
    }
    CHECK_EQ(tap_child(run_with_hosts, "a=1.2.3.4", text, sizeof text), 0);
    CHECK_STR(text, "");
}

IN_TASK(sim_names_backwards)
{
    struct xie_address address;
    char host[XIE_HOST_TEXT];
    only_on_sim();
    setenv("XIE_SIM_HOSTS", "one.test=192.0.2.1 both.test=::1,127.0.0.2", 1);
    xie_address_parse(&address, "127.0.0.2", 9);
    CHECK_EQ(xie_resolve_name(&address, host, NULL), 0);
    CHECK_STR(host, "both.test");
    xie_address_parse(&address, "127.0.0.1", 9);
    CHECK_EQ(xie_resolve_name(&address, host, NULL), 0);
    CHECK_STR(host, "localhost");
    xie_address_parse(&address, "192.0.2.2", 9);
    CHECK_EQ(xie_resolve_name(&address, host, NULL), XIE_EDNS_NONAME);
    return 0;
}

IN_TASK(names_of_addresses)
{
    struct xie_address address, path;
    char host[XIE_HOST_TEXT] = "", service[XIE_SERVICE_TEXT] = "";
    xie_address_parse(&address, "127.0.0.1", 80);
    CHECK_EQ(xie_resolve_name(&address, host, service), 0);
    CHECK_STR(host, kit_on("sim") ? "localhost" : "here.test");
    CHECK_STR(service, "http");
    xie_address_set_port(&address, 81);
    CHECK_EQ(xie_resolve_name(&address, NULL, service), 0);
    CHECK_STR(service, "81");
    CHECK_EQ(xie_resolve_name(&address, NULL, NULL), 0);
    xie_address_parse(&address, "192.0.2.7", 80);
    strcpy(host, "kept");
    CHECK_EQ(xie_resolve_name(&address, host, service), XIE_EDNS_NONAME);
    CHECK_STR(host, "kept");
    CHECK_STR(service, "81");
    CHECK_EQ(xie_resolve_name(&address, NULL, service), 0); /* its port has a name all the same */
    CHECK_STR(service, "http");
    CHECK_EQ(xie_address_unix(&path, "@name"), 0);
    CHECK_EQ(xie_resolve_name(&path, host, service), -EAFNOSUPPORT);
    answer = EAI_AGAIN;
    CHECK_EQ(xie_resolve_name(&address, NULL, service), XIE_EDNS_AGAIN);
    XIE_TIMEOUT(-1)
        CHECK_EQ(xie_resolve_name(&address, NULL, service), -ETIMEDOUT);
    return 0;
}

IN_TASK(ports_of_services)
{
    uint16_t port = 7;
    char name[80];
    CHECK_EQ(xie_resolve_service("http", &port), 0);
    CHECK_EQ(port, 80);
    asked = 0;
    CHECK_EQ(xie_resolve_service("65535", &port), 0); /* a number is not looked up */
    CHECK_EQ(port, 65535);
    CHECK_EQ(xie_resolve_service("65616", &port), XIE_EDNS_NONAME);
    CHECK_EQ(xie_resolve_service("", &port), XIE_EDNS_NONAME);
    memset(name, 'n', sizeof name);
    name[79] = 0;
    CHECK_EQ(xie_resolve_service(name, &port), XIE_EDNS_NONAME);
    CHECK_EQ(asked, 0);
    CHECK_EQ(xie_resolve_service("gopherspace", &port), XIE_EDNS_NONAME);
    CHECK_EQ(port, 65535);
    XIE_TIMEOUT(-1)
        CHECK_EQ(xie_resolve_service("http", &port), -ETIMEDOUT);
    return 0;
}

/* --- interruption ------------------------------------------------------------------- */

static int look_up(void *arg)
{
    struct xie_address found;
    (void)arg;
    return xie_resolve("two.test", 80, &found, 1);
}

/* A test's allocations are counted at its end: let the pool's threads get there. */
static void let_threads_finish(size_t live)
{
    __atomic_store_n(&slow, 0, __ATOMIC_SEQ_CST);
    while (xie_alloc_live() != live)
        usleep(1000);
}

static size_t live_before;

IN_TASK(an_interrupted_look_up_is_left_at_once)
{
    enum { COUNT = 12 };
    struct xie_task *tasks[COUNT];
    skip_on_sim();
    live_before = xie_alloc_live();
    __atomic_store_n(&slow, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < COUNT; i++) /* more than there are threads: some wait in the queue */
        tasks[i] = xie_spawn(look_up, NULL);
    XIE_TIMEOUT(5 * XIE_MILLISECOND)
        CHECK_EQ(look_up(NULL), -ETIMEDOUT);
    for (int i = 0; i < COUNT; i++)
        xie_task_cancel(tasks[i]);
    for (int i = 0; i < COUNT; i++)
        CHECK_EQ(xie_join(tasks[i]), -ECANCELED);
    CHECK(__atomic_load_n(&asked, __ATOMIC_SEQ_CST) <= 4); /* not one has been answered */
    let_threads_finish(live_before);
    CHECK_EQ(look_up(NULL), 1); /* and the pool still works */
    return 0;
}

static int leave_one_behind(void *arg)
{
    (void)arg;
    __atomic_store_n(&slow, 1, __ATOMIC_SEQ_CST);
    XIE_TIMEOUT(5 * XIE_MILLISECOND)
        CHECK_EQ(look_up(NULL), -ETIMEDOUT);
    return 0;
}

static int is_sim(void *arg)
{
    (void)arg;
    return kit_on("sim");
}

/* The loop has ended when the answer comes: it is thrown away, and the next loop works. */
static void a_loop_may_end_before_the_answer(void)
{
    size_t live = xie_alloc_live();
    if (xie_run(is_sim, NULL))
        tap_skip("sim has its own names");
    CHECK_EQ(xie_run(leave_one_behind, NULL), 0);
    let_threads_finish(live);
    CHECK_EQ(xie_run(look_up, NULL), 1);
}

IN_TASK(no_thread_to_be_had)
{
    skip_on_sim();
    xie_fault_plan = (struct xie_fault){XIE_FAULT_SYSCALL, .nth = 1, .error = -EAGAIN};
    CHECK_EQ(look_up(NULL), XIE_EDNS_AGAIN);
    xie_fault_plan.kinds = 0;
    CHECK_EQ(look_up(NULL), 1);
    xie_fault_plan = (struct xie_fault){XIE_FAULT_SYSCALL, .nth = 1, .forever = true, .error = -5};
    CHECK_EQ(look_up(NULL), 1); /* there is one already */
    xie_fault_plan.kinds = 0;
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"without_a_loop", without_a_loop},
        {"localhost_is_known_everywhere", localhost_is_known_everywhere},
        {"as_many_as_there_is_room_for", as_many_as_there_is_room_for},
        {"a_machine_with_only_the_loopback_finds_names_too",
         a_machine_with_only_the_loopback_finds_names_too},
        {"errors_of_the_resolver", errors_of_the_resolver},
        {"names_of_impossible_length", names_of_impossible_length},
        {"sim_knows_what_its_variable_says", sim_knows_what_its_variable_says},
        {"what_sim_cannot_use_of_its_hosts_is_told_once",
         what_sim_cannot_use_of_its_hosts_is_told_once},
        {"sim_names_backwards", sim_names_backwards},
        {"names_of_addresses", names_of_addresses},
        {"ports_of_services", ports_of_services},
        {"an_interrupted_look_up_is_left_at_once", an_interrupted_look_up_is_left_at_once},
        {"a_loop_may_end_before_the_answer", a_loop_may_end_before_the_answer},
        {"no_thread_to_be_had", no_thread_to_be_had},
        {0},
    };
    return tap_main(argc, argv, tests);
}
