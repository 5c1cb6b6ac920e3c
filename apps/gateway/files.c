/* files.c - actions on the files of groups.
 * Gateway, sixth floor. One array for all groups: a hundred entries, looked through. */
/* SPDX-License-Identifier: MIT */
#include "files.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "event.h"

static const int64_t size_most = INT64_MAX / GATEWAY_FILES; /* the sum of all is a number too */

static void id_text(const struct file *file, char id[24])
{
    snprintf(id, 24, "/%s%lld", file->is_folder ? "folder-" : "file-", (long long)file->number);
}

/* The entry of a group by its id; NULL: there is none. */
static struct file *find(struct gateway *gateway, int64_t group_id, const char *wanted, bool folder)
{
    char id[24];
    for (size_t i = 0; i < GATEWAY_FILES; i++) {
        struct file *file = &gateway->files.entries[i];
        id_text(file, id);
        if (file->number && file->group_id == group_id && file->is_folder == folder &&
            strcmp(id, wanted) == 0)
            return file;
    }
    return NULL;
}

/* The entry that the parameter names; NULL: the call has failed. */
static struct file *named(struct call *call, const struct group *group, const char *key,
                          bool folder)
{
    char id[24];
    if (!call_text(call, key, id, sizeof id))
        return NULL;
    struct file *file = find(call->gateway, group->group_id, id, folder);
    if (!file)
        call_fail(call, RETCODE_REFUSED, "there is no %s \"%s\" in group %lld",
                  folder ? "folder" : "file", id, (long long)group->group_id);
    return file;
}

/* A free entry, filled in; NULL: the call has failed. */
static struct file *add(struct call *call, const struct group *group, const char *name)
{
    struct gateway *gateway = call->gateway;
    for (size_t i = 0; i < GATEWAY_FILES; i++) {
        struct file *file = &gateway->files.entries[i];
        if (file->number)
            continue;
        *file = (struct file){.number = ++gateway->files.last,
                              .group_id = group->group_id,
                              .user_id = call->self,
                              .time = clock_now()};
        snprintf(file->name, sizeof file->name, "%s", name);
        return file;
    }
    call_fail(call, RETCODE_REFUSED, "there is room for %d files and folders", GATEWAY_FILES);
    return NULL;
}

/* --- uploading ---------------------------------------------------------------------- */

/* The name and size that the parameters give; a size that they lack is the local file's. */
static bool described(struct call *call, char name[WORLD_NAME], int64_t *size)
{
    struct stat status;
    const char *path = json_string_value(call_param(call, "file"));
    if (!call_text(call, "name", name, WORLD_NAME) ||
        !call_number(call, "size", 0, size_most, size))
        return false;
    if (!*name) {
        call_fail(call, RETCODE_BAD_PARAMS, "parameter name is missing, or empty");
        return false;
    }
    if (path && strncmp(path, "file://", 7) == 0)
        path += 7;
    if (!call_param(call, "size") && path && *path == '/') {
        if (stat(path, &status) < 0) {
            call_fail(call, RETCODE_REFUSED, "the file %.100s cannot be read", path);
            return false;
        }
        if (status.st_size > size_most) {
            call_fail(call, RETCODE_REFUSED, "the file %.100s is too large", path);
            return false;
        }
        *size = status.st_size;
    }
    return true;
}

json_t *files_upload(struct call *call)
{
    struct group *group = call_group(call, NULL);
    char name[WORLD_NAME], id[24];
    int64_t size = 0;
    struct file *folder = NULL;
    if (!group || !described(call, name, &size))
        return NULL;
    if (json_string_length(call_param(call, "folder")) &&
        !(folder = named(call, group, "folder", true)))
        return NULL;
    struct file *file = add(call, group, name);
    if (!file)
        return NULL;
    file->size = size;
    file->folder = folder ? folder->number : 0;
    id_text(file, id);
    json_t *event =
        event_new("notice", "group_upload", NULL, "{s:I, s:I, s:{s:s, s:s, s:I, s:i}}", "group_id",
                  (json_int_t)group->group_id, "user_id", (json_int_t)call->self, "file", "id", id,
                  "name", name, "size", (json_int_t)size, "busid", FILE_BUSID);
    if (!event)
        file->number = 0;
    return call_told(call, event);
}

json_t *files_upload_private(struct call *call)
{
    int64_t size = 0;
    char name[WORLD_NAME];
    struct place place = {0};
    struct refusal refusal = {0};
    if (!call_id(call, "user_id", &place.target_id) || !described(call, name, &size))
        return NULL;
    json_t *segments = json_pack("[{s:s, s:{s:s, s:o}}]", "type", "file", "data", "name", name,
                                 "size", json_sprintf("%lld", (long long)size));
    int64_t id = segments ? chat_say(call->gateway, call->self, &place, segments, &refusal) : 0;
    json_decref(segments);
    if (id)
        return json_null();
    return segments ? call_refused(call, &refusal) : NULL;
}

/* --- looking ------------------------------------------------------------------------ */

static json_t *shown(const struct gateway *gateway, const struct file *file)
{
    char id[24];
    const struct person *person = world_person(&gateway->world, file->user_id);
    id_text(file, id);
    if (file->is_folder)
        return json_pack("{s:I, s:s, s:s, s:I, s:I, s:s}", "group_id", (json_int_t)file->group_id,
                         "folder_id", id, "folder_name", file->name, "create_time",
                         (json_int_t)file->time, "creator", (json_int_t)file->user_id,
                         "creator_name", person->nickname);
    return json_pack("{s:I, s:s, s:s, s:i, s:I, s:I, s:I, s:s}", "group_id",
                     (json_int_t)file->group_id, "file_id", id, "file_name", file->name, "busid",
                     FILE_BUSID, "file_size", (json_int_t)file->size, "upload_time",
                     (json_int_t)file->time, "uploader", (json_int_t)file->user_id, "uploader_name",
                     person->nickname);
}

static json_t *listed(struct call *call, const struct group *group, int64_t folder)
{
    json_t *files = json_array(), *folders = json_array();
    bool good = files && folders;
    for (size_t i = 0; good && i < GATEWAY_FILES; i++) {
        const struct file *file = &call->gateway->files.entries[i];
        if (file->number && file->group_id == group->group_id && file->folder == folder)
            good = json_array_append_new(file->is_folder ? folders : files,
                                         shown(call->gateway, file)) == 0;
    }
    if (good)
        return json_pack("{s:o, s:o}", "files", files, "folders", folders);
    json_decref(files);
    json_decref(folders);
    return NULL;
}

json_t *files_root(struct call *call)
{
    struct group *group = call_group(call, NULL);
    return group ? listed(call, group, 0) : NULL;
}

json_t *files_in_folder(struct call *call)
{
    struct group *group = call_group(call, NULL);
    struct file *folder = group ? named(call, group, "folder_id", true) : NULL;
    return folder ? listed(call, group, folder->number) : NULL;
}

json_t *files_room(struct call *call)
{
    struct group *group = call_group(call, NULL);
    int64_t count = 0, space = 0;
    for (size_t i = 0; group && i < GATEWAY_FILES; i++) {
        const struct file *file = &call->gateway->files.entries[i];
        if (file->number && file->group_id == group->group_id && !file->is_folder) {
            count++;
            space += file->size;
        }
    }
    return group ? json_pack("{s:I, s:i, s:I, s:I}", "file_count", (json_int_t)count, "limit_count",
                             GATEWAY_FILES, "used_space", (json_int_t)space, "total_space",
                             (json_int_t)10 << 30)
                 : NULL;
}

json_t *files_url(struct call *call)
{
    struct group *group = call_group(call, NULL);
    struct file *file = group ? named(call, group, "file_id", false) : NULL;
    return file ? json_pack("{s:o}", "url",
                            json_sprintf("file:///simulated/%lld/%s", (long long)file->number,
                                         file->name))
                : NULL;
}

/* --- changing ----------------------------------------------------------------------- */

json_t *files_delete(struct call *call)
{
    struct member *self;
    struct group *group = call_group(call, &self);
    struct file *file = group ? named(call, group, "file_id", false) : NULL;
    if (!file || (file->user_id != call->self && !call_role(call, self, ROLE_ADMIN)))
        return NULL;
    file->number = 0;
    return json_null();
}

json_t *files_new_folder(struct call *call)
{
    struct member *self;
    struct group *group = call_group(call, &self);
    char name[WORLD_NAME], id[24];
    const char *key = call_param(call, "folder_name") ? "folder_name" : "name";
    if (!group || !call_role(call, self, ROLE_ADMIN) || !call_text(call, key, name, sizeof name))
        return NULL;
    if (!*name)
        return call_fail(call, RETCODE_BAD_PARAMS, "parameter folder_name is missing, or empty");
    struct file *folder = add(call, group, name);
    if (!folder)
        return NULL;
    folder->is_folder = true;
    id_text(folder, id);
    return json_pack("{s:s}", "folder_id", id);
}

/* With all that is in it. */
json_t *files_delete_folder(struct call *call)
{
    struct member *self;
    struct group *group = call_group(call, &self);
    struct file *folder =
        group && call_role(call, self, ROLE_ADMIN) ? named(call, group, "folder_id", true) : NULL;
    if (!folder)
        return NULL;
    for (size_t i = 0; i < GATEWAY_FILES; i++) {
        struct file *file = &call->gateway->files.entries[i];
        if (file->number && file->folder == folder->number)
            file->number = 0;
    }
    folder->number = 0;
    return json_null();
}
