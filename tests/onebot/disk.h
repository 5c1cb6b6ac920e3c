/* disk.h - a database in a folder of its own, and SQLite's system calls through ours. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TESTS_ONEBOT_DISK_H
#define XIE_TESTS_ONEBOT_DISK_H

#include <stdbool.h>

extern char disk_folder[64], disk_path[96]; /* the database's path */

void disk_make(void);
/* The database, and what SQLite has put beside it. */
void disk_remove_files(void);
/* And the folder, in which there must be no more. */
void disk_remove(void);

/* From now on the calls are ours: they fail as xie_fault_plan wants, and as these want. */
void disk_stand_before_sqlite(void);
extern int disk_writes_left; /* before the process is killed, half way through one; 0: it is not */
extern bool disk_full;

#endif
