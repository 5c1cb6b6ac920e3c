/* actions_file.c - the rows of actions with files. */
/* SPDX-License-Identifier: MIT */
#include "actions.h"

static int info(struct onebot_file_info *it)
{
    CHECK_STR(it->file, str("/f"));
    CHECK_STR(it->url, str("U"));
    CHECK_STR(it->file_name, str("N"));
    CHECK_STR(it->file_id, str("I"));
    CHECK_STR(it->base64, str("B"));
    CHECK_EQ(it->file_size, num(12));
    return typed(&it->call);
}

#define INFO_OF(row, name, ...)                                  \
    static int do_##row(struct onebot_event *event)              \
    {                                                            \
        struct onebot_file_info it = onebot_##name(__VA_ARGS__); \
        return info(&it);                                        \
    }

INFO_OF(get_record, get_record, event->bot, "r", "mp3")
INFO_OF(get_image, get_image, event->bot, "i")
INFO_OF(get_file, get_file, event->bot, "I")
INFO_OF(download_file, download_file, event->bot, "http://a", "n")
INFO_OF(no_name, download_file, event->bot, "http://a", NULL)
INFO_OF(upload_group_file, upload_group_file, event->bot, 6, "file:///x", "x", "/d")
INFO_OF(to_the_root, upload_group_file, event->bot, 6, "file:///x", "x", NULL)
INFO_OF(upload_private_file, upload_private_file, event->bot, 5, "file:///x", "x")
INFO_OF(get_group_file_url, get_group_file_url, event->bot, 6, "I", 102)
INFO_OF(no_busid, get_group_file_url, event->bot, 6, "I", 0)

PLAIN(create_group_file_folder, event->bot, 6, "n")
PLAIN(delete_group_file, event->bot, 6, "I", 102)
PLAIN(delete_group_folder, event->bot, 6, "/d")

static void check_file(const struct onebot_group_file *file)
{
    CHECK_EQ(file->group_id, 6);
    CHECK_EQ(file->busid, 102);
    CHECK_EQ(file->file_size, 12);
    CHECK_EQ(file->upload_time, 1);
    CHECK_EQ(file->dead_time, 2);
    CHECK_EQ(file->modify_time, 3);
    CHECK_EQ(file->download_times, 4);
    CHECK_EQ(file->uploader, 5);
    CHECK_STR(file->file_id, "I");
    CHECK_STR(file->file_name, "N");
    CHECK_STR(file->uploader_name, "U");
}

static void check_folder(const struct onebot_group_folder *folder)
{
    CHECK_EQ(folder->group_id, 6);
    CHECK_EQ(folder->create_time, 1);
    CHECK_EQ(folder->creator, 5);
    CHECK_EQ(folder->total_file_count, 2);
    CHECK_STR(folder->folder_id, "/d");
    CHECK_STR(folder->folder_name, "D");
    CHECK_STR(folder->creator_name, "C");
}

static int files(struct onebot_group_files *it)
{
    CHECK_EQ(it->file_count, num(2));
    CHECK_EQ(it->folder_count, num(1));
    for (size_t i = 0; i < it->file_count; i++)
        check_file(&it->files[i]);
    if (it->folder_count)
        check_folder(it->folders);
    return typed(&it->call);
}

static int do_get_group_root_files(struct onebot_event *event)
{
    struct onebot_group_files it = onebot_get_group_root_files(event->bot, 6);
    return files(&it);
}

static int do_get_group_files_by_folder(struct onebot_event *event)
{
    struct onebot_group_files it = onebot_get_group_files_by_folder(event->bot, 6, "/d");
    return files(&it);
}

static int do_get_group_file_system_info(struct onebot_event *event)
{
    struct onebot_file_system_info it = onebot_get_group_file_system_info(event->bot, 6);
    CHECK_EQ(it.file_count, num(1));
    CHECK_EQ(it.limit_count, num(2));
    CHECK_EQ(it.used_space, num(3));
    CHECK_EQ(it.total_space, num(10737418240));
    return typed(&it.call);
}

#define INFO                                                                \
    "{\"file\":\"/f\",\"url\":\"U\",\"file_name\":\"N\",\"file_id\":\"I\"," \
    "\"base64\":\"B\",\"file_size\":12}"
#define FILE_DATA                                                           \
    "{\"group_id\":6,\"file_id\":\"I\",\"file_name\":\"N\",\"busid\":102,"  \
    "\"file_size\":12,\"upload_time\":1,\"dead_time\":2,\"modify_time\":3," \
    "\"download_times\":4,\"uploader\":5,\"uploader_name\":\"U\"}"
#define FILES                                                                     \
    "{\"files\":[" FILE_DATA "," FILE_DATA "],\"folders\":[{\"group_id\":6,"      \
    "\"folder_id\":\"/d\",\"folder_name\":\"D\",\"create_time\":1,\"creator\":5," \
    "\"creator_name\":\"C\",\"total_file_count\":2}]}"

const struct action file_actions[] = {
    ROW(get_record, OBJECT, "{\"file\":\"r\",\"out_format\":\"mp3\"}", INFO),
    ROW(get_image, OBJECT, "{\"file\":\"i\"}", INFO),
    ROW(get_file, OBJECT, "{\"file_id\":\"I\",\"file\":\"I\"}", INFO),
    ROW(download_file, OBJECT, "{\"url\":\"http://a\",\"name\":\"n\"}", INFO),
    {"download_file", do_no_name, "{\"url\":\"http://a\"}", INFO, KIND_OBJECT},
    ROW(upload_group_file, ANY,
        "{\"group_id\":6,\"file\":\"file:///x\",\"name\":\"x\",\"folder\":\"/d\","
        "\"folder_id\":\"/d\"}",
        INFO),
    {"upload_group_file", do_to_the_root, "{\"group_id\":6,\"file\":\"file:///x\",\"name\":\"x\"}",
     INFO, KIND_ANY},
    ROW(upload_private_file, ANY, "{\"user_id\":5,\"file\":\"file:///x\",\"name\":\"x\"}", INFO),
    ROW(get_group_file_url, OBJECT, "{\"group_id\":6,\"file_id\":\"I\",\"busid\":102}", INFO),
    {"get_group_file_url", do_no_busid, "{\"group_id\":6,\"file_id\":\"I\"}", INFO, KIND_OBJECT},
    ROW(create_group_file_folder, PLAIN,
        "{\"group_id\":6,\"name\":\"n\",\"folder_name\":\"n\",\"parent_id\":\"/\"}", "{}"),
    ROW(delete_group_file, PLAIN, "{\"group_id\":6,\"file_id\":\"I\",\"busid\":102}", "{}"),
    ROW(delete_group_folder, PLAIN, "{\"group_id\":6,\"folder_id\":\"/d\"}", "{}"),
    ROW(get_group_root_files, OBJECT, "{\"group_id\":6}", FILES),
    ROW(get_group_files_by_folder, OBJECT, "{\"group_id\":6,\"folder_id\":\"/d\"}", FILES),
    ROW(get_group_file_system_info, OBJECT, "{\"group_id\":6}",
        "{\"file_count\":1,\"limit_count\":2,\"used_space\":3,\"total_space\":10737418240}"),
    {NULL, NULL, NULL, NULL, KIND_PLAIN},
};
