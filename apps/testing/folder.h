/* folder.h - a test's folder for files.
 * Kit, third floor. */
/* SPDX-License-Identifier: MIT */
#ifndef KIT_FOLDER_H
#define KIT_FOLDER_H

#include "kit.h"

/* Remove it, if there is one, with what is in it. */
void kit_folder_remove(struct onebot_test *t);

#endif
