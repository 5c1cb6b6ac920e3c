/* database.c - steps are done, values are read.
 * Floor 9. Each function leaves no transaction behind, whatever fails. */
/* SPDX-License-Identifier: MIT */
#include "onebot/database.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

/* --- statements --------------------------------------------------------------------- */

static void bind_place(sqlite3_stmt *sql, const struct onebot_key *key)
{
    /* The key outlives the statement's run; a failed bind shows in the step: NULL is refused. */
    sqlite3_bind_text(sql, 1, key->space, -1, SQLITE_STATIC);
    sqlite3_bind_int64(sql, 2, key->group_id);
    sqlite3_bind_int64(sql, 3, key->user_id);
}

static int bind_name(sqlite3_stmt *sql, const char *name)
{
    return sqlite3_bind_text(sql, 4, name, -1, SQLITE_STATIC);
}

static sqlite3_stmt *bind_key(struct onebot_database *database, enum onebot_statement which,
                              const struct onebot_key *key)
{
    bind_place(database->sql[which], key);
    bind_name(database->sql[which], key->name);
    return database->sql[which];
}

/* Run a statement that gives no rows. */
static int run(struct onebot_database *database, enum onebot_statement which)
{
    int code = sqlite3_step(database->sql[which]);
    int error = code == SQLITE_DONE ? 0 : onebot_database_error(database, code);
    sqlite3_reset(database->sql[which]);
    return error;
}

static int fail(struct onebot_database *database, int error, const char *why)
{
    snprintf(database->why, sizeof database->why, "%s", why);
    return error;
}

/* --- steps -------------------------------------------------------------------------- */

/* The value of a column, as it lies there, borrowed until the statement goes on. */
static int peek(sqlite3_stmt *sql, int column, struct onebot_cell *value)
{
    int type = sqlite3_column_type(sql, column);
    if (type == SQLITE_INTEGER) {
        *value =
            (struct onebot_cell){ONEBOT_VALUE_INTEGER, sqlite3_column_int64(sql, column), NULL, 0};
        return 0;
    }
    if (type != SQLITE_TEXT && type != SQLITE_BLOB)
        return -EUCLEAN;
    const void *bytes = sqlite3_column_blob(sql, column);
    value->kind = type == SQLITE_TEXT ? ONEBOT_VALUE_TEXT : ONEBOT_VALUE_JSON;
    value->bytes = (char *)bytes;
    value->len = (size_t)sqlite3_column_bytes(sql, column);
    return bytes || !value->len ? 0 : -ENOMEM;
}

/* Stand on the row of a key: to be reset. return 1; 0 there is none */
static int find(struct onebot_database *database, const struct onebot_key *key,
                struct onebot_cell *value)
{
    sqlite3_stmt *sql = bind_key(database, ONEBOT_SQL_GET, key);
    int code = sqlite3_step(sql);
    if (code == SQLITE_DONE)
        return 0;
    if (code != SQLITE_ROW)
        return onebot_database_error(database, code);
    int error = peek(sql, 0, value);
    return error ? fail(database, error, "a value cannot be read") : 1;
}

static int put(struct onebot_database *database, const struct onebot_key *key,
               const struct onebot_cell *value)
{
    sqlite3_stmt *sql = bind_key(database, ONEBOT_SQL_PUT, key);
    if (value->kind == ONEBOT_VALUE_INTEGER)
        sqlite3_bind_int64(sql, 5, value->integer);
    else if (value->kind == ONEBOT_VALUE_TEXT)
        sqlite3_bind_text64(sql, 5, value->bytes, value->len, SQLITE_STATIC, SQLITE_UTF8);
    else
        sqlite3_bind_blob64(sql, 5, value->bytes, value->len, SQLITE_STATIC);
    int error = run(database, ONEBOT_SQL_PUT);
    sqlite3_clear_bindings(sql);
    return error;
}

static int add(struct onebot_database *database, struct onebot_step *step)
{
    struct onebot_cell value = {.kind = ONEBOT_VALUE_INTEGER};
    int found = find(database, &step->key, &value);
    sqlite3_reset(database->sql[ONEBOT_SQL_GET]);
    if (found < 0)
        return found;
    if (value.kind != ONEBOT_VALUE_INTEGER)
        return fail(database, XIE_EJSON, "the value is not an integer");
    if (__builtin_add_overflow(value.integer, step->by, &value.integer))
        return fail(database, -EOVERFLOW, "the sum does not fit");
    step->sum = value.integer;
    return put(database, &step->key, &value);
}

static int expect(struct onebot_database *database, const struct onebot_step *step)
{
    const struct onebot_cell *wanted = &step->value;
    struct onebot_cell value = {0};
    int found = find(database, &step->key, &value);
    bool same = value.kind == wanted->kind && value.integer == wanted->integer &&
                value.len == wanted->len &&
                (!value.len || !memcmp(value.bytes, wanted->bytes, value.len));
    sqlite3_reset(database->sql[ONEBOT_SQL_GET]);
    if (found < 0)
        return found;
    return same ? 0 : fail(database, -EAGAIN, "the value is not the expected one");
}

static int do_step(struct onebot_database *database, struct onebot_step *step)
{
    int error;
    switch (step->kind) {
    case ONEBOT_STEP_SET:
        return put(database, &step->key, &step->value);
    case ONEBOT_STEP_ADD:
        return add(database, step);
    case ONEBOT_STEP_EXPECT:
        return expect(database, step);
    default:
        bind_key(database, ONEBOT_SQL_DELETE, &step->key);
        error = run(database, ONEBOT_SQL_DELETE);
        step->sum = sqlite3_changes(database->db);
        return error;
    }
}

int onebot_database_apply(struct onebot_database *database, struct onebot_step *steps, size_t count)
{
    int error = run(database, ONEBOT_SQL_BEGIN);
    if (error)
        return error;
    for (size_t i = 0; i < count && !error; i++)
        error = do_step(database, &steps[i]);
    if (!error)
        error = run(database, ONEBOT_SQL_COMMIT);
    /* Some errors have rolled it back already. This keeps the words of the first error. */
    if (error && !sqlite3_get_autocommit(database->db)) {
        sqlite3_step(database->sql[ONEBOT_SQL_ROLLBACK]);
        sqlite3_reset(database->sql[ONEBOT_SQL_ROLLBACK]);
    }
    return error;
}

/* --- reading ------------------------------------------------------------------------ */

static int to_json(struct onebot_database *database, const struct onebot_cell *value, json_t **json)
{
    json_error_t why; /* jansson says nothing where it has no memory to begin */
    why.text[JSON_ERROR_TEXT_LENGTH - 1] = json_error_out_of_memory;
    if (value->kind == ONEBOT_VALUE_INTEGER)
        *json = json_integer(value->integer);
    else if (value->kind == ONEBOT_VALUE_TEXT)
        *json = json_stringn(value->len ? value->bytes : "", value->len);
    else
        *json = onebot_decode(value->len ? value->bytes : "", value->len,
                              JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    if (*json)
        return 0;
    if (value->kind == ONEBOT_VALUE_JSON && json_error_code(&why) != json_error_out_of_memory)
        return fail(database, -EUCLEAN, "a value is damaged");
    return fail(database, -ENOMEM, "no memory for a value");
}

int onebot_database_get(struct onebot_database *database, const struct onebot_key *key,
                        json_t **value)
{
    struct onebot_cell raw = {0};
    int found = find(database, key, &raw);
    if (found > 0)
        found = to_json(database, &raw, value);
    else if (!found)
        found = -ENOENT;
    sqlite3_reset(database->sql[ONEBOT_SQL_GET]);
    return found;
}

static bool begins(const char *name, const char *prefix)
{
    return !strncmp(name, prefix, strlen(prefix));
}

/* The row a list stands on, into the object. return 1; 0 it is beyond the list's end */
static int take_row(struct onebot_database *database, const char *prefix, json_t *object,
                    size_t *bytes)
{
    sqlite3_stmt *sql = database->sql[ONEBOT_SQL_LIST];
    struct onebot_cell raw = {0};
    json_t *value = NULL;
    const char *name = (const char *)sqlite3_column_text(sql, 0);
    if (!name)
        return fail(database, -ENOMEM, "no memory for a name");
    if (!begins(name, prefix))
        return 0;
    int error = peek(sql, 1, &raw);
    if (error)
        return fail(database, error, "a value cannot be read");
    error = to_json(database, &raw, &value);
    if (error)
        return error;
    if (json_object_set_new(object, name, value))
        return fail(database, -ENOMEM, "no memory for a list");
    *bytes += raw.len;
    return 1;
}

int onebot_database_list(struct onebot_database *database, const struct onebot_key *key,
                         const char *after, size_t most, json_t **object)
{
    sqlite3_stmt *sql = database->sql[ONEBOT_SQL_LIST];
    bool later = after && strcmp(after, key->name) >= 0;
    json_t *made = json_object();
    if (!made)
        return fail(database, -ENOMEM, "no memory for a list");
    bind_place(sql, key);
    bind_name(sql, later ? after : key->name);
    sqlite3_bind_int(sql, 5, later); /* the name itself is left out */
    int error = 1;
    for (size_t bytes = 0, i = 0; i < most && bytes < ONEBOT_STORE_PAGE_BYTES && error > 0; i++) {
        int code = sqlite3_step(sql);
        if (code == SQLITE_ROW)
            error = take_row(database, key->name, made, &bytes);
        else
            error = code == SQLITE_DONE ? 0 : onebot_database_error(database, code);
    }
    sqlite3_reset(sql);
    if (error < 0)
        json_decref(made);
    else
        *object = made;
    return error < 0 ? error : 0;
}
