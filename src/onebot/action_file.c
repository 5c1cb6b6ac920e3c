/* action_file.c - actions with files.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/action.h"

#define INFO(kind, member, keys) ONEBOT_FIELD(onebot_file_info, kind, member, keys)
#define FILE_FIELD(kind, member, keys) ONEBOT_FIELD(onebot_group_file, kind, member, keys)
#define FOLDER(kind, member, keys) ONEBOT_FIELD(onebot_group_folder, kind, member, keys)
#define SYSTEM(member) ONEBOT_FIELD(onebot_file_system_info, INT, member, #member)

/* --- one file ----------------------------------------------------------------------- */

static const struct onebot_field info_fields[] = {
    INFO(TEXT, file, "file|path"),
    INFO(TEXT, url, "url"),
    INFO(TEXT, file_name, "file_name|filename"),
    INFO(TEXT, file_id, "file_id"),
    INFO(TEXT, base64, "base64"),
    INFO(INT, file_size, "file_size|size"),
    ONEBOT_FIELDS_END,
};
static const struct onebot_shape info_shape = {sizeof(struct onebot_file_info), info_fields,
                                               JSON_OBJECT};
/* An upload may tell nothing. */
static const struct onebot_shape upload_shape = {sizeof(struct onebot_file_info), info_fields,
                                                 JSON_NULL};

struct onebot_file_info onebot_get_record(struct onebot_bot *bot, const char *file,
                                          const char *out_format)
{
    struct onebot_file_info info;
    onebot_call_shaped(bot, &info_shape, &info, "get_record", "{s:s, s:s}", "file", file,
                       "out_format", out_format);
    return info;
}

struct onebot_file_info onebot_get_image(struct onebot_bot *bot, const char *file)
{
    struct onebot_file_info info;
    onebot_call_shaped(bot, &info_shape, &info, "get_image", "{s:s}", "file", file);
    return info;
}

/* The id is called file_id, or file. */
struct onebot_file_info onebot_get_file(struct onebot_bot *bot, const char *file_id)
{
    struct onebot_file_info info;
    onebot_call_shaped(bot, &info_shape, &info, "get_file", "{s:s, s:s}", "file_id", file_id,
                       "file", file_id);
    return info;
}

struct onebot_file_info onebot_download_file(struct onebot_bot *bot, const char *url,
                                             const char *name)
{
    struct onebot_file_info info;
    onebot_call_shaped(bot, &info_shape, &info, "download_file", "{s:s, s:s*}", "url", url, "name",
                       name);
    return info;
}

/* The folder is called folder, or folder_id. */
struct onebot_file_info onebot_upload_group_file(struct onebot_bot *bot, int64_t group_id,
                                                 const char *file, const char *name,
                                                 const char *folder_id)
{
    struct onebot_file_info info;
    onebot_call_shaped(bot, &upload_shape, &info, "upload_group_file",
                       "{s:I, s:s, s:s, s:s*, s:s*}", "group_id", group_id, "file", file, "name",
                       name, "folder", folder_id, "folder_id", folder_id);
    return info;
}

struct onebot_file_info onebot_upload_private_file(struct onebot_bot *bot, int64_t user_id,
                                                   const char *file, const char *name)
{
    struct onebot_file_info info;
    onebot_call_shaped(bot, &upload_shape, &info, "upload_private_file", "{s:I, s:s, s:s}",
                       "user_id", user_id, "file", file, "name", name);
    return info;
}

struct onebot_file_info onebot_get_group_file_url(struct onebot_bot *bot, int64_t group_id,
                                                  const char *file_id, int64_t busid)
{
    struct onebot_file_info info;
    onebot_call_shaped(bot, &info_shape, &info, "get_group_file_url",
                       busid ? "{s:I, s:s, s:I}" : "{s:I, s:s}", "group_id", group_id, "file_id",
                       file_id, "busid", busid);
    return info;
}

/* --- a group's ---------------------------------------------------------------------- */

static const struct onebot_field file_fields[] = {
    FILE_FIELD(INT, group_id, "group_id"),
    FILE_FIELD(INT, busid, "busid"),
    FILE_FIELD(INT, file_size, "file_size|size"),
    FILE_FIELD(INT, upload_time, "upload_time"),
    FILE_FIELD(INT, dead_time, "dead_time"),
    FILE_FIELD(INT, modify_time, "modify_time"),
    FILE_FIELD(INT, download_times, "download_times"),
    FILE_FIELD(INT, uploader, "uploader"),
    FILE_FIELD(TEXT, file_id, "file_id"),
    FILE_FIELD(TEXT, file_name, "file_name"),
    FILE_FIELD(TEXT, uploader_name, "uploader_name"),
    ONEBOT_FIELDS_END,
};
static const struct onebot_shape file_shape = {sizeof(struct onebot_group_file), file_fields,
                                               JSON_OBJECT};

static const struct onebot_field folder_fields[] = {
    FOLDER(INT, group_id, "group_id"),
    FOLDER(INT, create_time, "create_time"),
    FOLDER(INT, creator, "creator"),
    FOLDER(INT, total_file_count, "total_file_count"),
    FOLDER(TEXT, folder_id, "folder_id|folder"),
    FOLDER(TEXT, folder_name, "folder_name"),
    FOLDER(TEXT, creator_name, "creator_name|create_name"),
    ONEBOT_FIELDS_END,
};
static const struct onebot_shape folder_shape = {sizeof(struct onebot_group_folder), folder_fields,
                                                 JSON_OBJECT};

static const struct onebot_field files_fields[] = {
    ONEBOT_LIST(onebot_group_files, files, file_count, &file_shape, "files"),
    ONEBOT_LIST(onebot_group_files, folders, folder_count, &folder_shape, "folders"),
    ONEBOT_FIELDS_END,
};
static const struct onebot_shape files_shape = {sizeof(struct onebot_group_files), files_fields,
                                                JSON_OBJECT};

struct onebot_group_files onebot_get_group_root_files(struct onebot_bot *bot, int64_t group_id)
{
    struct onebot_group_files files;
    onebot_call_shaped(bot, &files_shape, &files, "get_group_root_files", "{s:I}", "group_id",
                       group_id);
    return files;
}

struct onebot_group_files onebot_get_group_files_by_folder(struct onebot_bot *bot, int64_t group_id,
                                                           const char *folder_id)
{
    struct onebot_group_files files;
    onebot_call_shaped(bot, &files_shape, &files, "get_group_files_by_folder", "{s:I, s:s}",
                       "group_id", group_id, "folder_id", folder_id);
    return files;
}

static const struct onebot_field system_fields[] = {
    SYSTEM(file_count),  SYSTEM(limit_count), SYSTEM(used_space),
    SYSTEM(total_space), ONEBOT_FIELDS_END,
};
static const struct onebot_shape system_shape = {sizeof(struct onebot_file_system_info),
                                                 system_fields, JSON_OBJECT};

struct onebot_file_system_info onebot_get_group_file_system_info(struct onebot_bot *bot,
                                                                 int64_t group_id)
{
    struct onebot_file_system_info info;
    onebot_call_shaped(bot, &system_shape, &info, "get_group_file_system_info", "{s:I}", "group_id",
                       group_id);
    return info;
}

/* The name is called name, or folder_name; all folders stand in the root. */
struct onebot_result onebot_create_group_file_folder(struct onebot_bot *bot, int64_t group_id,
                                                     const char *name)
{
    return onebot_call_plain(bot, "create_group_file_folder", "{s:I, s:s, s:s, s:s}", "group_id",
                             group_id, "name", name, "folder_name", name, "parent_id", "/");
}

struct onebot_result onebot_delete_group_file(struct onebot_bot *bot, int64_t group_id,
                                              const char *file_id, int64_t busid)
{
    return onebot_call_plain(bot, "delete_group_file", busid ? "{s:I, s:s, s:I}" : "{s:I, s:s}",
                             "group_id", group_id, "file_id", file_id, "busid", busid);
}

struct onebot_result onebot_delete_group_folder(struct onebot_bot *bot, int64_t group_id,
                                                const char *folder_id)
{
    return onebot_call_plain(bot, "delete_group_folder", "{s:I, s:s}", "group_id", group_id,
                             "folder_id", folder_id);
}
