/* config.c - a file becomes values, or stays what it was.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/config.h"

#include <errno.h>
#include <string.h>
#include <xie/file.h>
#include <xie/memory.h>

#include "base/memory.h"
#include "onebot/check.h"

/* --- text to values ----------------------------------------------------------------- */

static int read_tree(struct onebot_complaints *complaints, const char *text, size_t len,
                     struct onebot_yaml **root)
{
    struct onebot_yaml_error why;
    if (len > ONEBOT_CONFIG_SIZE) {
        onebot_complain(complaints, 0, NULL, "is longer than %d bytes", ONEBOT_CONFIG_SIZE);
        return XIE_EFAILED;
    }
    int error = onebot_yaml_read(text, len, root, &why);
    if (error == XIE_EFAILED)
        onebot_complain(complaints, why.line, NULL, "%s", why.text);
    return error;
}

/* Fill in root and values, whose memory is the caller's on success alone. */
static int read_text(struct onebot_config *config, const char *text, size_t len,
                     onebot_complaint *say, void *arg)
{
    struct onebot_complaints complaints = {.file = config->name, .say = say, .arg = arg};
    struct onebot_yaml *root = NULL;
    json_t *values = NULL;
    int error = read_tree(&complaints, text, len, &root);
    if (!error && root->kind != ONEBOT_YAML_MAP && !onebot_yaml_is_null(root))
        onebot_complain(&complaints, root->line, NULL, "should be lines of \"key: value\"");
    else if (!error)
        values = onebot_check_table(&complaints, root, config->keys, NULL, 1);
    if (!error)
        error = onebot_complaints_end(&complaints);
    if (error) {
        json_decref(values);
        onebot_yaml_free(root);
        return error;
    }
    config->root = root;
    config->values = values;
    return 0;
}

static int read_file(struct onebot_config *config, onebot_complaint *say, void *arg)
{
    char *text;
    struct onebot_complaints complaints = {.file = config->name, .say = say, .arg = arg};
    ssize_t len = xie_file_load(config->name, ONEBOT_CONFIG_SIZE, &text);
    if (len == XIE_ELIMIT)
        onebot_complain(&complaints, 0, NULL, "is longer than %d bytes", ONEBOT_CONFIG_SIZE);
    else if (len < 0)
        onebot_complain(&complaints, 0, NULL, "%s", xie_strerror((int)len));
    if (len < 0)
        return (int)len;
    int error = read_text(config, text, (size_t)len, say, arg);
    xie_free(text);
    return error;
}

/* --- the object --------------------------------------------------------------------- */

static struct onebot_config *make(const char *name, bool file, const struct onebot_config_key *keys)
{
    struct onebot_config *config = xie_alloc_zero(sizeof *config);
    char *copy = xie_copy_string(name);
    if (!config || !copy) {
        xie_release(config);
        xie_release(copy);
        return NULL;
    }
    *config = (struct onebot_config){.name = copy, .file = file, .keys = keys};
    return config;
}

static int give(struct onebot_config *made, int error, struct onebot_config **config)
{
    if (error)
        onebot_config_close(made);
    else
        *config = made;
    return error;
}

int onebot_config_open(const char *path, const struct onebot_config_key *keys,
                       onebot_complaint *say, void *arg, struct onebot_config **config)
{
    struct onebot_config *made = make(path, true, keys);
    return made ? give(made, read_file(made, say, arg), config) : -ENOMEM;
}

int onebot_config_parse(const char *name, const char *text, size_t len,
                        const struct onebot_config_key *keys, onebot_complaint *say, void *arg,
                        struct onebot_config **config)
{
    struct onebot_config *made = make(name, false, keys);
    return made ? give(made, read_text(made, text, len, say, arg), config) : -ENOMEM;
}

json_t *onebot_config_values(const struct onebot_config *config)
{
    return config->values;
}

void onebot_config_close(struct onebot_config *config)
{
    if (!config)
        return;
    json_decref(config->values);
    onebot_yaml_free(config->root);
    xie_release(config->name);
    xie_release(config);
}

/* --- a part of it ------------------------------------------------------------------- */

/* Go down by the names of a section, one a step of recursion, so that the place is told whole. */
static json_t *check_section(struct onebot_complaints *complaints, const struct onebot_yaml *node,
                             const char *section, const struct onebot_config_key *keys,
                             const struct onebot_spot *outside, size_t line)
{
    char name[128];
    size_t len = strcspn(section, ".");
    snprintf(name, sizeof name, "%.*s", (int)len, section);
    struct onebot_spot place = {.outside = outside, .key = name};
    const struct onebot_yaml *at = node ? onebot_yaml_member(node, section, len) : NULL;
    line = at ? at->line : line;
    if (section[len])
        return check_section(complaints, at, section + len + 1, keys, &place, line);
    if (at && at->kind != ONEBOT_YAML_MAP && !onebot_yaml_is_null(at)) {
        onebot_complain(complaints, line, &place, "should be a table: lines of \"key: value\"");
        return NULL;
    }
    return onebot_check_table(complaints, at, keys, &place, line);
}

int onebot_config_section(const struct onebot_config *config, const char *section,
                          const struct onebot_config_key *keys, onebot_complaint *say, void *arg,
                          json_t **values)
{
    struct onebot_complaints complaints = {.file = config->name, .say = say, .arg = arg};
    json_t *found = check_section(&complaints, config->root, section, keys, NULL, 0);
    int error = onebot_complaints_end(&complaints);
    if (error)
        json_decref(found);
    else
        *values = found;
    return error;
}

/* --- reading again ------------------------------------------------------------------ */

struct difference {
    onebot_changed *changed;
    void *arg;
    int count;
};

static void compare(struct difference *difference, const char *outside, const json_t *old,
                    const json_t *now);

static void compare_member(struct difference *difference, const char *outside, const char *key,
                           const json_t *old, const json_t *now)
{
    char place[512];
    const json_t *before = json_object_get(old, key), *after = json_object_get(now, key);
    snprintf(place, sizeof place, "%s%s%s", outside, *outside ? "." : "", key);
    compare(difference, place, before, after);
}

/* As deep as the values are: a file's ONEBOT_CONFIG_DEPTH, and that of the declarations. */
static void compare(struct difference *difference, const char *place, const json_t *old,
                    const json_t *now)
{
    const char *key;
    json_t *value;
    if (json_is_object(old) && json_is_object(now)) {
        json_object_foreach((json_t *)old, key, value)
            compare_member(difference, place, key, old, now);
        json_object_foreach((json_t *)now, key, value) if (!json_object_get(old, key))
            compare_member(difference, place, key, old, now);
        return;
    }
    if (old == now || (old && now && json_equal(old, now)))
        return;
    difference->count++;
    if (difference->changed)
        difference->changed(difference->arg, place, old, now);
}

int onebot_config_reload(struct onebot_config *config, onebot_complaint *say,
                         onebot_changed *changed, void *arg)
{
    struct onebot_config now = {.name = config->name, .file = config->file, .keys = config->keys};
    struct difference difference = {.changed = changed, .arg = arg};
    if (!config->file)
        return -EINVAL;
    int error = read_file(&now, say, arg); /* waits: another may read and swap meanwhile */
    if (error)
        return error;
    struct onebot_config old = *config;
    *config = now;
    compare(&difference, "", old.values, config->values);
    json_decref(old.values);
    onebot_yaml_free(old.root);
    return difference.count;
}
