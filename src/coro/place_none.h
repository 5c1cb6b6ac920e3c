/* place_none.h - registers for place.h where a signal's context is not known.
 * Floor 1. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_CORO_PLACE_NONE_H
#define XIE_CORO_PLACE_NONE_H

#define XIE_PLACE_PC(context) ((void)(context), 0)
#define XIE_PLACE_SP(context) ((void)(context), 0)

#endif
