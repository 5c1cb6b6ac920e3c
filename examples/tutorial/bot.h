/* bot.h - what the files of step 6 share. */
/* SPDX-License-Identifier: MIT */
#ifndef BOT_H
#define BOT_H

#include <xie/onebot.h>
#include <xie/onebot/config.h>
#include <xie/onebot/store.h>

/* Open while the bot runs. */
extern struct onebot_config *config;
extern struct onebot_logger *logger;
extern struct onebot_store *store;

onebot_handler on_habit, on_done; /* habit.c */
onebot_handler on_connected;      /* evening.c */
int run_evening(void *unused);

void complain(void *arg, const char *line); /* step6.c */

#endif
