/* disk.c - the folder, and what stands between SQLite and the system.
 * Tests, onebot. */
/* SPDX-License-Identifier: MIT */
#include "disk.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "tap.h"

char disk_folder[64], disk_path[96];
int disk_writes_left;
bool disk_full;

void disk_make(void)
{
    strcpy(disk_folder, "/tmp/xie-onebot-XXXXXX");
    REQUIRE(mkdtemp(disk_folder));
    snprintf(disk_path, sizeof disk_path, "%s/bot.db", disk_folder);
}

void disk_remove_files(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    char name[112];
    for (size_t i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "%s%s", disk_path, ends[i]);
        unlink(name);
    }
}

void disk_remove(void)
{
    disk_remove_files();
    CHECK(!rmdir(disk_folder));
}

/* --- SQLite's system calls, through ours -------------------------------------------- */

static ssize_t (*real_pwrite)(int fd, const void *bytes, size_t len, off_t offset);

static ssize_t bad_pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
    if (disk_writes_left && --disk_writes_left == 0) {
        real_pwrite(fd, bytes, len / 2, offset);
        kill(getpid(), SIGKILL);
    }
    errno = xie_fault_check(XIE_FAULT_SYSCALL) ? EIO : disk_full ? ENOSPC : 0;
    return errno ? -1 : real_pwrite(fd, bytes, len, offset);
}

static ssize_t (*real_pread)(int fd, void *bytes, size_t len, off_t offset);
static ssize_t bad_pread(int fd, void *bytes, size_t len, off_t offset)
{
    errno = xie_fault_check(XIE_FAULT_SYSCALL) ? EIO : 0;
    return errno ? -1 : real_pread(fd, bytes, len, offset);
}

static int (*real_open)(const char *name, int flags, int mode);
static int bad_open(const char *name, int flags, int mode)
{
    errno = xie_fault_check(XIE_FAULT_SYSCALL) ? EIO : 0;
    return errno ? -1 : real_open(name, flags, mode);
}

static int (*real_truncate)(int fd, off_t len);
static int bad_truncate(int fd, off_t len)
{
    errno = xie_fault_check(XIE_FAULT_SYSCALL) ? EIO : 0;
    return errno ? -1 : real_truncate(fd, len);
}

static sqlite3_syscall_ptr replace(const char *name, sqlite3_syscall_ptr by)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    sqlite3_syscall_ptr old = vfs->xGetSystemCall(vfs, name);
    if (old)
        CHECK_EQ(vfs->xSetSystemCall(vfs, name, by), SQLITE_OK);
    return old;
}

void disk_stand_before_sqlite(void)
{
    static const char *const writes[] = {"pwrite", "pwrite64"};
    static const char *const reads[] = {"pread", "pread64"};
    for (int i = 0; i < 2; i++) {
        sqlite3_syscall_ptr old = replace(writes[i], (sqlite3_syscall_ptr)bad_pwrite);
        if (old)
            real_pwrite = (ssize_t(*)(int, const void *, size_t, off_t))old;
        old = replace(reads[i], (sqlite3_syscall_ptr)bad_pread);
        if (old)
            real_pread = (ssize_t(*)(int, void *, size_t, off_t))old;
    }
    real_open = (int (*)(const char *, int, int))replace("open", (sqlite3_syscall_ptr)bad_open);
    real_truncate = (int (*)(int, off_t))replace("ftruncate", (sqlite3_syscall_ptr)bad_truncate);
    REQUIRE(real_pwrite && real_pread && real_open && real_truncate);
}
