/* config_print.c - a file of defaults, made of the declarations.
 * Floor 9. What has a default stands there as a line, the rest as a comment. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include <xie/onebot/config.h>

/* Where a line begins: its indentation, and whether it is a comment as a whole. */
struct margin {
    FILE *file;
    int indent;
    bool comment;
};

static void begin(const struct margin *margin)
{
    fprintf(margin->file, "%s%*s", margin->comment ? "#" : "", margin->indent, "");
}

static void print_help(const struct margin *margin, const char *help)
{
    while (help && *help) {
        int len = (int)strcspn(help, "\n");
        begin(margin);
        fprintf(margin->file, "# %.*s\n", len, help);
        help += len + (help[len] == '\n');
    }
}

/* A value of which nobody has said what it is. */
static const char *example(const struct onebot_config_key *key)
{
    static const char *const by_kind[] = {
        [ONEBOT_KEY_TEXT] = "\"\"",   [ONEBOT_KEY_SECRET] = "$NAME", [ONEBOT_KEY_NUMBER] = "0",
        [ONEBOT_KEY_DURATION] = "1s", [ONEBOT_KEY_SIZE] = "1MiB",    [ONEBOT_KEY_FLAG] = "false",
        [ONEBOT_KEY_FREE] = "{}",
    };
    return key->kind == ONEBOT_KEY_CHOICE ? key->choices[0] : by_kind[key->kind];
}

static void print_facts(const struct margin *margin, const struct onebot_config_key *key)
{
    static const char *const kinds[] = {
        [ONEBOT_KEY_TEXT] = "text",
        [ONEBOT_KEY_SECRET] = "text, or $NAME of the environment",
        [ONEBOT_KEY_NUMBER] = "number",
        [ONEBOT_KEY_DURATION] = "duration (ms, s, m, h, d)",
        [ONEBOT_KEY_SIZE] = "size (KiB …)",
        [ONEBOT_KEY_FLAG] = "true or false",
        [ONEBOT_KEY_CHOICE] = "one of",
        [ONEBOT_KEY_TABLE] = "table",
        [ONEBOT_KEY_FREE] = "anything",
    };
    static const char *const shapes[] = {
        [ONEBOT_KEY_ONE] = "", [ONEBOT_KEY_LIST] = "list of: ", [ONEBOT_KEY_MAP] = "table of: "};
    begin(margin);
    fprintf(margin->file, "# (%s%s", shapes[key->shape], kinds[key->kind]);
    for (size_t i = 0; key->kind == ONEBOT_KEY_CHOICE && key->choices[i]; i++)
        fprintf(margin->file, "%s %s", i ? "," : "", key->choices[i]);
    if (key->kind == ONEBOT_KEY_NUMBER && (key->least || key->most))
        fprintf(margin->file, ", %lld to %lld", (long long)key->least, (long long)key->most);
    fprintf(margin->file, "%s)\n", key->required ? "; required" : "");
}

static void print_keys(const struct margin *margin, const struct onebot_config_key *keys);

/* Of a list of tables one as an example. */
static void print_table(const struct margin *margin, const struct onebot_config_key *key)
{
    struct margin inside = *margin;
    inside.indent += 2;
    inside.comment |= key->shape != ONEBOT_KEY_ONE;
    struct margin head = *margin;
    head.comment = inside.comment;
    begin(&head);
    fprintf(margin->file, "%s:\n", key->name);
    if (key->shape != ONEBOT_KEY_ONE) {
        begin(&inside);
        fprintf(margin->file, "%s\n", key->shape == ONEBOT_KEY_LIST ? "-" : "NAME:");
        inside.indent += 2;
    }
    print_keys(&inside, key->keys);
}

static void print_value(const struct margin *margin, const struct onebot_config_key *key)
{
    struct margin line = *margin;
    const char *empty = key->shape == ONEBOT_KEY_LIST ? "[]" : "{}";
    line.comment |= !key->standard && key->shape == ONEBOT_KEY_ONE;
    begin(&line);
    fprintf(margin->file, "%s: %s\n", key->name,
            key->standard                  ? key->standard
            : key->shape == ONEBOT_KEY_ONE ? example(key)
                                           : empty);
}

static void print_keys(const struct margin *margin, const struct onebot_config_key *keys)
{
    for (; keys->name; keys++) {
        print_help(margin, keys->help);
        print_facts(margin, keys);
        if (keys->kind == ONEBOT_KEY_TABLE)
            print_table(margin, keys);
        else
            print_value(margin, keys);
        if (!margin->indent)
            fputc('\n', margin->file);
    }
}

int onebot_config_print(const struct onebot_config_key *keys, FILE *file)
{
    struct margin margin = {.file = file};
    print_keys(&margin, keys);
    return fflush(file) == 0 && !ferror(file) ? 0 : -EIO;
}
