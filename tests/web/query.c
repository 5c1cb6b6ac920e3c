/* query.c - pairs of names and values: of the query and of a form, one after the other. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"

/* Answers with what there is: "name=value;" for each pair, or the error of the form. */
static int echo(struct xie_http *http, void *arg)
{
    char text[2048] = "";
    struct xie_http_field pair;
    (void)arg;
    int error = !strcmp(xie_http_path(http), "/form") ? xie_http_form(http) : 0;
    if (!strcmp(xie_http_path(http), "/twice"))
        error = xie_http_form(http) | xie_http_form(http);
    if (error == -EINVAL || error == -EILSEQ)
        snprintf(text, sizeof text, "%s: ", error == -EINVAL ? "type" : "malformed");
    else if (error < 0)
        return error;
    for (size_t i = 0; xie_http_query_at(http, i, &pair); i++) {
        size_t len = strlen(text);
        snprintf(text + len, sizeof text - len, "%s=%s;", pair.name, pair.value);
        if (i == 0)
            CHECK_STR(xie_http_query(http, pair.name), pair.value);
    }
    return xie_http_answer(http, 200, "text/plain", text, strlen(text));
}

static void check_get(const char *target, const char *expected)
{
    char request[512];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", target);
    char *text = kit_ask(request);
    CHECK_STR(kit_body(text), expected);
    free(text);
}

static void check_post(const char *target, const char *type, const char *body, const char *expected)
{
    char request[1024];
    snprintf(request, sizeof request,
             "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
             target, type, strlen(body), body);
    char *text = kit_ask(request);
    CHECK_STR(kit_body(text), expected);
    free(text);
}

static int ask_queries(void)
{
    check_get("/", "");
    check_get("/?", "");
    check_get("/?a", "a=;");
    check_get("/?a=1&b=2&a=3", "a=1;b=2;a=3;");
    check_get("/?a=b%3Dc%26&&=x&%e4%bd%a0=+%2B", "a=b=c&;=x;\xe4\xbd\xa0= +;");
    return 0;
}

static void every_pair_of_a_query(void)
{
    kit_run(echo, NULL, ask_queries);
}

#define FORM "application/x-www-form-urlencoded"

static int ask_forms(void)
{
    check_post("/form", FORM, "a=1&b=2", "a=1;b=2;");
    check_post("/form?q=0", FORM, "a=1+2&b=%25", "q=0;a=1 2;b=%;");
    check_post("/form?q=0", FORM "; charset=utf-8", "", "q=0;");
    check_post("/twice", FORM, "a=1", "a=1;");
    check_post("/not-read", FORM, "a=1", "");
    check_post("/form?q=0", FORM, "a=1&b=%2", "malformed: q=0;");
    check_post("/form", FORM, "a=%00", "malformed: ");
    check_post("/form", FORM "x", "a=1", "type: ");
    check_post("/form", "application/json", "{}", "type: ");
    return 0;
}

static void a_form_adds_its_pairs(void)
{
    kit_run(echo, NULL, ask_forms);
}

/* The form of one request is not the next one's. */
static int ask_two(void)
{
    char *text = kit_ask("POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: " FORM
                         "\r\nContent-Length: 3\r\n\r\nx=1GET /?y=2 HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK_EQ(kit_answers(text), 2);
    CHECK(strstr(text, "x=1;HTTP/1.1") && strstr(text, "\r\n\r\ny=2;"));
    free(text);
    return 0;
}

static void each_request_has_its_own(void)
{
    kit_run(echo, NULL, ask_two);
}

static int ask_much(void)
{
    KIT_STATUS("POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: " FORM
               "\r\nContent-Length: 5\r\n\r\nabcde",
               413);
    KIT_STATUS("POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: " FORM
               "\r\nContent-Length: 4\r\n\r\nabcd",
               200);
    return 0;
}

static void a_form_is_a_body(void)
{
    kit_run(echo, &(struct xie_http_options){.max_body = 4}, ask_much);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {{"every_pair_of_a_query", every_pair_of_a_query},
                                            {"a_form_adds_its_pairs", a_form_adds_its_pairs},
                                            {"each_request_has_its_own", each_request_has_its_own},
                                            {"a_form_is_a_body", a_form_is_a_body},
                                            {0}};
    return tap_main(argc, argv, tests);
}
