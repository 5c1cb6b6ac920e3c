/* weather.c - the plugin that the page on testing tests: asks for a city, fetches, answers. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <xie.h>
#include <xie/onebot.h>
#include <xie/web.h>

#include "weather.h"

/* What the service says of a city; 0 or an error. */
static int fetch(const char *city, char *text, size_t size)
{
    struct xie_http_response *response;
    char url[256], *body;
    snprintf(url, sizeof url, "http://api.example/weather?city=%s", city);
    int error = xie_http_fetch(NULL, &(struct xie_http_request){.url = url}, &response);
    if (error)
        return error;
    ssize_t len = xie_http_response_body(response, &body);
    error = len < 0 ? (int)len : xie_http_response_status(response) == 200 ? 0 : -ENOENT;
    if (!error)
        snprintf(text, size, "%s", body);
    xie_http_response_free(response);
    return error;
}

static int on_weather(struct onebot_event *event)
{
    struct onebot_answer city = {.error = -ETIMEDOUT};
    char text[256] = "";
    XIE_TIMEOUT(30 * XIE_SECOND)
        city = onebot_ask(event, "For which city?");
    if (city.error == -ETIMEDOUT)
        return onebot_reply(event, "Never mind.");
    if (city.error)
        return city.error;
    int error = -ETIMEDOUT;
    XIE_TIMEOUT(5 * XIE_SECOND)
        error = fetch(city.text, text, sizeof text);
    if (error)
        return onebot_reply(event, "I do not know: %s.", xie_strerror(error));
    return onebot_reply(event, "%s: %s", city.text, text);
}

const struct onebot_rule weather[] = {
    {.command = {"weather", "天气"}, .help = "what it is like", .handler = on_weather},
    {0},
};
