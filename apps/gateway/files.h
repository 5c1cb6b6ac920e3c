/* files.h - actions on the files of groups.
 * Gateway, sixth floor. Each is an action_fn; extensions that NapCat and others have. Only names
 * and sizes are kept: nothing is stored. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_FILES_H
#define GATEWAY_FILES_H

#include "call.h"

json_t *files_upload(struct call *call);         /* upload_group_file */
json_t *files_upload_private(struct call *call); /* upload_private_file */
json_t *files_root(struct call *call);           /* get_group_root_files */
json_t *files_in_folder(struct call *call);      /* get_group_files_by_folder */
json_t *files_room(struct call *call);           /* get_group_file_system_info */
json_t *files_url(struct call *call);            /* get_group_file_url */
json_t *files_delete(struct call *call);         /* delete_group_file */
json_t *files_new_folder(struct call *call);     /* create_group_file_folder */
json_t *files_delete_folder(struct call *call);  /* delete_group_folder */

#endif
