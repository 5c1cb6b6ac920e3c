/* plugins.h - the bot's folder of plugins: watched, and managed by /plugin. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_BOT_PLUGINS_H
#define XIE_BOT_PLUGINS_H

#include <stdbool.h>
#include <xie/onebot.h>

/* Have the options load and watch a folder: this one, or where it is NULL the one they have, if
 * they have one. folder is borrowed until onebot_run has returned. */
void plugins_use(struct onebot_options *options, const char *folder);

/* The files may be others, and the settings too if those of now are to count: whatever has changed
 * is loaded anew. Waits. */
void plugins_look_again(bool settings);

#endif
