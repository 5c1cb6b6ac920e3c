/* database.h - the file of a store: SQLite, told what to keep.
 * Floor 9. Blocks; used by one thread at a time; knows nothing of loops. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_DATABASE_H
#define XIE_ONEBOT_DATABASE_H

#include "onebot/batch.h"

/* What brings a file to a version: to 1 + its place. */
struct onebot_schema {
    const char *const *steps; /* SQL */
    int version;              /* how many: the newest */
};

enum onebot_statement {
    ONEBOT_SQL_BEGIN,
    ONEBOT_SQL_COMMIT,
    ONEBOT_SQL_ROLLBACK,
    ONEBOT_SQL_GET,
    ONEBOT_SQL_PUT,
    ONEBOT_SQL_DELETE,
    ONEBOT_SQL_LIST,
    ONEBOT_SQL_COUNT
};

struct onebot_database {
    struct sqlite3 *db;
    struct sqlite3_stmt *sql[ONEBOT_SQL_COUNT];
    char why[ONEBOT_WORDING]; /* the last error, in words */
};

/* The schema of this version of the library. */
extern const struct onebot_schema onebot_schema_now;

/* database_open.c. path NULL: in memory. On error it is closed.
 * errors -EBUSY -EUCLEAN -ENOTSUP -ENOSPC -EACCES -EIO -ENOMEM, or what open(2) said */
int onebot_database_open(struct onebot_database *database, const char *path, bool relaxed,
                         const struct onebot_schema *schema);
void onebot_database_close(struct onebot_database *database);
/* The error of a result of SQLite (0: none), with its words. */
int onebot_database_error(struct onebot_database *database, int code);

/* database.c. As a whole or not at all. errors those of onebot_store_apply */
int onebot_database_apply(struct onebot_database *database, struct onebot_step *steps,
                          size_t count);
/* errors -ENOENT … */
int onebot_database_get(struct onebot_database *database, const struct onebot_key *key,
                        json_t **value);
/* The names that begin with key->name, those after `after` if there is one. */
int onebot_database_list(struct onebot_database *database, const struct onebot_key *key,
                         const char *after, size_t most, json_t **object);

#endif
