/* database_open.c - a file is opened, looked at, brought to the newest form, or refused.
 * Floor 9. What SQLite says becomes an error number and a line of words here. */
/* SPDX-License-Identifier: MIT */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "onebot/database.h"

/* In the header of our files: "xieb". See https://sqlite.org/fileformat.html 1.3. */
enum { APPLICATION = 0x78696562 };

/* Names are compared by their bytes (BINARY), so a prefix is a range of the index. */
static const char *const steps[] = {
    ("CREATE TABLE item (space TEXT NOT NULL, group_id INTEGER NOT NULL, user_id INTEGER NOT NULL,"
     " name TEXT NOT NULL, value ANY NOT NULL, PRIMARY KEY (space, group_id, user_id, name)) "
     "STRICT"),
};
const struct onebot_schema onebot_schema_now = {steps, sizeof steps / sizeof *steps};

static const char *const statements[ONEBOT_SQL_COUNT] = {
    [ONEBOT_SQL_BEGIN] = "BEGIN IMMEDIATE",
    [ONEBOT_SQL_COMMIT] = "COMMIT",
    [ONEBOT_SQL_ROLLBACK] = "ROLLBACK",
    [ONEBOT_SQL_GET] =
        "SELECT value FROM item WHERE space = ?1 AND group_id = ?2 AND user_id = ?3 AND name = ?4",
    [ONEBOT_SQL_PUT] = ("INSERT INTO item (space, group_id, user_id, name, value)"
                        " VALUES (?1, ?2, ?3, ?4, ?5)"
                        " ON CONFLICT DO UPDATE SET value = excluded.value"),
    [ONEBOT_SQL_DELETE] =
        "DELETE FROM item WHERE space = ?1 AND group_id = ?2 AND user_id = ?3 AND name = ?4",
    [ONEBOT_SQL_LIST] = ("SELECT name, value FROM item WHERE space = ?1 AND group_id = ?2 AND"
                         " user_id = ?3 AND name >= ?4 AND (?5 = 0 OR name <> ?4) ORDER BY name"),
};

/* --- errors ------------------------------------------------------------------------- */

static int system_error(struct onebot_database *database, int otherwise)
{
    int error = database->db ? sqlite3_system_errno(database->db) : 0;
    if (error == EDQUOT || error == EFBIG)
        error = ENOSPC;
    return error > 0 ? -error : otherwise;
}

static int number(struct onebot_database *database, int code)
{
    switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return -EBUSY;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return -EUCLEAN;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_TOOBIG:
        return XIE_ELIMIT;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return -EACCES;
    case SQLITE_CANTOPEN:
        return system_error(database, -EIO);
    case SQLITE_IOERR:
        if (code == SQLITE_IOERR_NOMEM)
            return -ENOMEM;
        return system_error(database, -EIO) == -ENOSPC ? -ENOSPC : -EIO;
    default:
        return -EIO;
    }
}

int onebot_database_error(struct onebot_database *database, int code)
{
    if (code == SQLITE_OK)
        return 0;
    if (database->db)
        code = sqlite3_extended_errcode(database->db);
    int error = number(database, code);
    const char *system =
        error == -EIO || (code & 0xFF) == SQLITE_CANTOPEN ? xie_strerror(error) : "";
    snprintf(database->why, sizeof database->why, "%s%s%s",
             database->db ? sqlite3_errmsg(database->db) : sqlite3_errstr(code),
             *system ? ": " : "", system);
    return error;
}

/* --- looking at it ------------------------------------------------------------------ */

static int run_sql(struct onebot_database *database, const char *sql)
{
    return onebot_database_error(database, sqlite3_exec(database->db, sql, NULL, NULL, NULL));
}

/* The first column of the first row, a number. */
static int ask(struct onebot_database *database, const char *sql, int *answer)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(database->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *answer = sqlite3_column_int(statement, 0);
    int error = code == SQLITE_ROW ? 0 : onebot_database_error(database, code);
    sqlite3_finalize(statement);
    return error;
}

/* What the file says it is. version: 0 it is new */
static int look(struct onebot_database *database, const struct onebot_schema *schema, int *version)
{
    int application = 0, tables = 0;
    int error = ask(database, "PRAGMA application_id", &application);
    if (!error)
        error = ask(database, "PRAGMA user_version", version);
    if (!error)
        error = ask(database, "SELECT count(*) FROM sqlite_schema", &tables);
    if (error)
        return error;
    bool fresh = !application && !*version && !tables;
    if (!fresh && (application != APPLICATION || *version < 1)) {
        snprintf(database->why, sizeof database->why, "it is a database of another program");
        return -ENOTSUP;
    }
    if (*version > schema->version) {
        snprintf(database->why, sizeof database->why,
                 "it was written by a newer version: its format is %d, this one knows up to %d",
                 *version, schema->version);
        return -ENOTSUP;
    }
    return 0;
}

/* --- bringing it to the newest form ------------------------------------------------- */

static int climb(struct onebot_database *database, const struct onebot_schema *schema)
{
    char mark[96];
    int version = 0;
    int error = look(database, schema, &version); /* again: another process may have done it */
    for (int i = version; i < schema->version && !error; i++)
        error = run_sql(database, schema->steps[i]);
    snprintf(mark, sizeof mark, "PRAGMA application_id = %d; PRAGMA user_version = %d",
             (int)APPLICATION, schema->version);
    return error ? error : run_sql(database, mark);
}

static int migrate(struct onebot_database *database, const struct onebot_schema *schema)
{
    int version = 0;
    int error = look(database, schema, &version);
    if (error || version == schema->version)
        return error;
    error = run_sql(database, "BEGIN IMMEDIATE");
    if (error)
        return error;
    error = climb(database, schema);
    if (!error)
        error = run_sql(database, "COMMIT");
    if (error && !sqlite3_get_autocommit(database->db))
        sqlite3_exec(database->db, "ROLLBACK", NULL, NULL, NULL);
    return error;
}

/* --- opening ------------------------------------------------------------------------ */

static int keep_log(struct onebot_database *database, bool relaxed)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(database->db, "PRAGMA journal_mode = WAL", -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    const char *mode = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : "";
    bool good = mode && (!strcmp(mode, "wal") || !strcmp(mode, "memory"));
    int error = code == SQLITE_ROW ? 0 : onebot_database_error(database, code);
    if (!error && !good) {
        snprintf(database->why, sizeof database->why,
                 "SQLite cannot keep its log there (a file system of a network?)");
        error = mode ? -ENOTSUP : -ENOMEM;
    }
    sqlite3_finalize(statement);
    if (error)
        return error;
    return run_sql(database, relaxed ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL");
}

static int prepare(struct onebot_database *database)
{
    for (int i = 0; i < ONEBOT_SQL_COUNT; i++) {
        int code = sqlite3_prepare_v3(database->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                                      &database->sql[i], NULL);
        if (code != SQLITE_OK)
            return onebot_database_error(database, code);
    }
    return 0;
}

/* Until it is accepted nothing is written, not even what its own log still holds. */
static int accept(struct onebot_database *database, bool relaxed,
                  const struct onebot_schema *schema)
{
    int version = 0;
    sqlite3_db_config(database->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_db_config(database->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(database->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (sqlite3_db_readonly(database->db, "main")) {
        snprintf(database->why, sizeof database->why, "it may not be written");
        return -EACCES;
    }
    int error = look(database, schema, &version);
    if (!error)
        error = keep_log(database, relaxed);
    if (!error)
        error = migrate(database, schema);
    if (!error)
        error = prepare(database);
    sqlite3_db_config(database->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    return error;
}

int onebot_database_open(struct onebot_database *database, const char *path, bool relaxed,
                         const struct onebot_schema *schema)
{
    const int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    memset(database, 0, sizeof *database);
    int code = sqlite3_open_v2(path ? path : ":memory:", &database->db, flags, NULL);
    int error = onebot_database_error(database, code);
    if (!error)
        error = accept(database, relaxed, schema);
    if (error)
        onebot_database_close(database);
    return error;
}

void onebot_database_close(struct onebot_database *database)
{
    for (int i = 0; i < ONEBOT_SQL_COUNT; i++)
        sqlite3_finalize(database->sql[i]);
    sqlite3_close(database->db);
    memset(database->sql, 0, sizeof database->sql);
    database->db = NULL;
}
