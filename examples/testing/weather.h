/* weather.h - what the program and its test share. */
/* SPDX-License-Identifier: MIT */
#ifndef WEATHER_H
#define WEATHER_H

#include <xie/onebot.h>

extern const struct onebot_rule weather[];

#endif
