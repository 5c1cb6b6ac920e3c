/* config_watch.c - SIGHUP: read again.
 * Floor 9. A task of its own, since a signal has one listener. */
/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <xie/signal.h>

#include <xie/onebot/config.h>

static void hang_up(const struct onebot_config_watch *watch)
{
    int result = 0;
    if (watch->config)
        result = onebot_config_reload(watch->config, watch->say, watch->changed, watch->arg);
    if (watch->hangup)
        watch->hangup(watch->arg, result);
}

int onebot_config_watch(void *arg)
{
    static const int list[] = {SIGHUP, 0};
    const struct onebot_config_watch *watch = arg;
    struct xie_signals *signals;
    int result = xie_signals_open(list, &signals);
    if (result)
        return result;
    while ((result = xie_signals_wait(signals)) >= 0)
        hang_up(watch);
    xie_signals_close(signals);
    return result;
}
