/* plugin_kit.c - for tests of plugins: the fixtures, what they note, a bot to load them into. */
/* SPDX-License-Identifier: MIT */
#include "plugin_kit.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct onebot_bot *kit_bot;
char kit_folder[32];

static struct {
    char text[16000];
    pthread_mutex_t lock;
    pthread_cond_t change;
    bool released;
    struct xie_task *kept;
    int kept_fd;
} kit = {.lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER};

/* --- for the fixtures ------------------------------------------------------------------- */

void fixture_note(const char *text)
{
    pthread_mutex_lock(&kit.lock);
    size_t len = strlen(kit.text);
    REQUIRE(len + strlen(text) + 2 < sizeof kit.text);
    snprintf(kit.text + len, sizeof kit.text - len, "%s|", text);
    pthread_mutex_unlock(&kit.lock);
}

void fixture_work(void)
{
    pthread_mutex_lock(&kit.lock);
    while (!kit.released)
        pthread_cond_wait(&kit.change, &kit.lock);
    pthread_mutex_unlock(&kit.lock);
}

void fixture_keep(struct xie_task *task)
{
    kit.kept = task;
}

void fixture_keep_fd(int fd)
{
    kit.kept_fd = fd;
}

void *fixture_null(void)
{
    static void *volatile null;
    return null;
}

/* --- for the tests ---------------------------------------------------------------------- */

void kit_release_work(void)
{
    pthread_mutex_lock(&kit.lock);
    kit.released = true;
    pthread_cond_broadcast(&kit.change);
    pthread_mutex_unlock(&kit.lock);
}

void kit_join_kept(void)
{
    CHECK_EQ(xie_join(kit.kept), 0);
}

void kit_close_kept(void)
{
    CHECK_EQ(close(kit.kept_fd), 0);
}

unsigned kit_noted(const char *text)
{
    char word[64];
    unsigned count = 0;
    size_t len = (size_t)snprintf(word, sizeof word, "%s|", text);
    pthread_mutex_lock(&kit.lock);
    for (const char *at = kit.text; *at; at = strchr(at, '|') + 1)
        count += strncmp(at, word, len) == 0;
    pthread_mutex_unlock(&kit.lock);
    return count;
}

void kit_wait_noted(const char *text, unsigned count)
{
    while (kit_noted(text) < count)
        REQUIRE(xie_sleep(XIE_MILLISECOND) == 0);
}

void kit_forget(void)
{
    pthread_mutex_lock(&kit.lock);
    kit.text[0] = 0;
    pthread_mutex_unlock(&kit.lock);
}

static int start(struct onebot_plugin *plugin)
{
    kit_bot = onebot_plugin_bot(plugin);
    return 0;
}

ONEBOT_PLUGIN_AS(kit_definition, .name = "kit", .version = "0", .start = start);
const struct onebot_plugin_definition *const kit_plugins[] = {&kit_definition, NULL};

void kit_set(struct rig *rig)
{
    rig->options.plugins = kit_plugins;
}

static bool said(const struct fake *fake, size_t n, const char *want)
{
    const json_t *call = json_array_get(fake->calls, n);
    const json_t *message = json_object_get(json_object_get(call, "params"), "message");
    const json_t *data = json_object_get(json_array_get(message, 0), "data");
    return strcmp(onebot_string(data, "text"), want) == 0;
}

void kit_says(struct rig *rig, const char *text, const char *want)
{
    struct fake *fake = &rig->fake;
    fake_wait_connections(fake, 1);
    size_t n = json_array_size(fake->calls);
    fake_message(fake, FAKE_USER, FAKE_GROUP, text);
    fake_wait_calls(fake, n + 1);
    if (!said(fake, n, want))
        CHECK_STR(fake_said(fake, n), want);
}

struct onebot_plugin_info kit_info(const char *name)
{
    struct onebot_plugin_info infos[16], none = {.name = NULL};
    size_t count = onebot_plugin_list(kit_bot, infos, 16);
    for (size_t i = 0; i < count && i < 16; i++)
        if (strcmp(infos[i].name, name) == 0)
            return infos[i];
    return none;
}

/* --- files -------------------------------------------------------------------------------- */

const char *kit_path(const char *name)
{
    static char path[2][80];
    static unsigned turn;
    if (!*kit_folder) {
        strcpy(kit_folder, "/tmp/xie-plugin-XXXXXX");
        REQUIRE(mkdtemp(kit_folder));
    }
    turn ^= 1;
    snprintf(path[turn], sizeof path[turn], "%s/%s", kit_folder, name);
    return path[turn];
}

void kit_clean(void)
{
    const struct dirent *entry;
    DIR *folder = *kit_folder ? opendir(kit_folder) : NULL;
    while (folder && (entry = readdir(folder)))
        unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder)
        closedir(folder);
    if (folder)
        rmdir(kit_folder);
    kit_folder[0] = 0;
}

static char *read_fixture(const char *fixture, size_t *len)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/fixture-%s.so", FIXTURES, fixture);
    FILE *file = fopen(path, "rb");
    REQUIRE(file && fseek(file, 0, SEEK_END) == 0);
    *len = (size_t)ftell(file);
    rewind(file);
    char *data = malloc(*len);
    REQUIRE(data && fread(data, 1, *len, file) == *len);
    fclose(file);
    return data;
}

static const char *put(const char *fixture, const char *name, int flags, size_t most)
{
    const char *path = kit_path(name);
    size_t len;
    char *data = read_fixture(fixture, &len);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);
    len = len < most ? len : most;
    REQUIRE(fd >= 0 && write(fd, data, len) == (ssize_t)len && close(fd) == 0);
    free(data);
    return path;
}

const char *kit_put(const char *fixture, const char *name)
{
    const char *made = put(fixture, ".made", O_TRUNC, SIZE_MAX), *path = kit_path(name);
    REQUIRE(rename(made, path) == 0); /* at once: nobody finds none */
    return path;
}

const char *kit_write_over(const char *fixture, const char *name)
{
    return put(fixture, name, O_TRUNC, SIZE_MAX);
}

const char *kit_put_part(const char *fixture, const char *name, size_t len)
{
    return put(fixture, name, O_TRUNC, len);
}

size_t kit_size(const char *fixture)
{
    size_t len;
    free(read_fixture(fixture, &len));
    return len;
}
