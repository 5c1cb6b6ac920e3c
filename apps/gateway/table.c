/* table.c - every action there is, and who may run it.
 * Gateway, seventh floor. Linear scan: a short table, and a person at the other end. */
/* SPDX-License-Identifier: MIT */
#include "table.h"

#include <string.h>

#include "account.h"
#include "deed.h"
#include "directory.h"
#include "files.h"
#include "forward.h"
#include "letters.h"
#include "mark.h"
#include "media.h"
#include "mute.h"
#include "naming.h"
#include "past.h"
#include "quick.h"
#include "rank.h"
#include "request.h"
#include "sign.h"

static const struct {
    const char *name;
    action_fn *run;
    int who;
} actions[] = {
    /* OneBot 11, api/public and api/hidden */
    {"send_msg", letters_send, TABLE_BOT},
    {"send_group_msg", letters_send_group, TABLE_BOT},
    {"send_private_msg", letters_send_private, TABLE_BOT},
    {"delete_msg", letters_delete, TABLE_BOTH},
    {"get_msg", letters_get, TABLE_BOT},
    {"get_image", media_image, TABLE_BOT},
    {"get_record", media_record, TABLE_BOT},
    {"get_forward_msg", forward_get, TABLE_BOT},
    {"send_like", account_like, TABLE_BOT},
    {"set_group_kick", rank_kick, TABLE_BOTH},
    {"set_group_leave", rank_leave, TABLE_BOTH},
    {"set_group_admin", rank_admin, TABLE_BOTH},
    {"set_group_ban", mute_member, TABLE_BOTH},
    {"set_group_whole_ban", mute_whole, TABLE_BOTH},
    {"set_group_anonymous", mute_anonymous_allowed, TABLE_BOTH},
    {"set_group_anonymous_ban", mute_anonymous, TABLE_BOTH},
    {"set_group_card", naming_card, TABLE_BOTH},
    {"set_group_name", naming_group, TABLE_BOTH},
    {"set_group_special_title", naming_title, TABLE_BOTH},
    {"set_friend_add_request", request_answer_friend, TABLE_BOT},
    {"set_group_add_request", request_answer_group, TABLE_BOT},
    {"get_login_info", directory_login_info, TABLE_BOT},
    {"get_stranger_info", directory_stranger_info, TABLE_BOT},
    {"get_friend_list", directory_friend_list, TABLE_BOT},
    {"get_group_info", directory_group_info, TABLE_BOT},
    {"get_group_list", directory_group_list, TABLE_BOT},
    {"get_group_member_info", directory_member_info, TABLE_BOT},
    {"get_group_member_list", directory_member_list, TABLE_BOT},
    {"get_group_honor_info", account_honors, TABLE_BOT},
    {"get_cookies", account_cookies, TABLE_BOT},
    {"get_csrf_token", account_csrf_token, TABLE_BOT},
    {"get_credentials", account_credentials, TABLE_BOT},
    {"get_status", account_status, TABLE_BOT},
    {"get_version_info", account_version, TABLE_BOT},
    {"can_send_image", account_can_send, TABLE_BOT},
    {"can_send_record", account_can_send, TABLE_BOT},
    {"set_restart", account_restart, TABLE_BOT},
    {"clean_cache", account_clean_cache, TABLE_BOT},
    {".handle_quick_operation", quick_operation, TABLE_BOT},
    /* extensions: NapCat and others */
    {"send_forward_msg", letters_send, TABLE_BOT},
    {"send_group_forward_msg", letters_send_group, TABLE_BOT},
    {"send_private_forward_msg", letters_send_private, TABLE_BOT},
    {"send_poke", deed_poke, TABLE_BOTH},
    {"group_poke", deed_poke, TABLE_BOTH},
    {"friend_poke", deed_poke, TABLE_BOTH},
    {"get_group_msg_history", past_group, TABLE_BOT},
    {"get_friend_msg_history", past_friend, TABLE_BOT},
    {"mark_msg_as_read", past_read, TABLE_BOT},
    {"forward_group_single_msg", past_pass_on, TABLE_BOT},
    {"forward_friend_single_msg", past_pass_on, TABLE_BOT},
    {"set_msg_emoji_like", mark_emoji, TABLE_BOTH},
    {"set_group_reaction", mark_reaction, TABLE_BOTH},
    {"get_file", media_file, TABLE_BOT},
    {"download_file", media_download, TABLE_BOT},
    {"set_essence_msg", mark_essence, TABLE_BOTH},
    {"delete_essence_msg", mark_no_essence, TABLE_BOTH},
    {"get_essence_msg_list", mark_essence_list, TABLE_BOT},
    {"upload_group_file", files_upload, TABLE_BOTH},
    {"upload_private_file", files_upload_private, TABLE_BOT},
    {"get_group_root_files", files_root, TABLE_BOT},
    {"get_group_files_by_folder", files_in_folder, TABLE_BOT},
    {"get_group_file_system_info", files_room, TABLE_BOT},
    {"get_group_file_url", files_url, TABLE_BOT},
    {"delete_group_file", files_delete, TABLE_BOTH},
    {"create_group_file_folder", files_new_folder, TABLE_BOTH},
    {"delete_group_folder", files_delete_folder, TABLE_BOTH},
    /* what only people do */
    {"add_friend", request_friend, TABLE_PERSON},
    {"delete_friend", request_unfriend, TABLE_PERSON},
    {"join_group", request_join, TABLE_PERSON},
    {"invite_to_group", request_invite, TABLE_PERSON},
    {"lucky_king", deed_lucky_king, TABLE_PERSON},
    {"honor", deed_honor, TABLE_PERSON},
    {"input_status", sign_input, TABLE_PERSON},
    {"profile_like", sign_like, TABLE_PERSON},
    {"offline_file", sign_file, TABLE_PERSON},
    {"gray_tip", sign_tip, TABLE_PERSON},
    {"client_status", sign_client, TABLE_PERSON},
    {"bot_offline", sign_offline, TABLE_PERSON},
};

action_fn *table_find(const char *name, size_t len, int who)
{
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (actions[i].who & who && strlen(actions[i].name) == len &&
            memcmp(actions[i].name, name, len) == 0)
            return actions[i].run;
    }
    return NULL;
}
