/* object.h - a shared object, opened as a private copy.
 * Floor 9. Knows the dynamic linker; knows nothing of bots but the definition's name. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_OBJECT_H
#define XIE_ONEBOT_OBJECT_H

#include <xie/onebot/plugin.h>

#include "base/span.h"

/* One that is open. */
struct onebot_object {
    void *handle;
    int fd;               /* of the copy; open as long as it is mapped, since its path, by which
                             the linker knows it, is made of it */
    struct xie_span span; /* where it lies */
    const struct onebot_plugin_definition *definition; /* not looked at; NULL: it has none */
};

/**
 * Read a file and open it. Its constructors run: also without a definition something may lead into
 * it then.
 *
 * object  receives it, owned; untouched on error
 * why     receives what is wrong; ONEBOT_WORDING bytes
 * errors  -ENOEXEC XIE_ELIMIT -ENOMEM, those of xie_file_load and of
 *         memfd_create(2)
 */
int onebot_object_open(const char *path, struct onebot_object **object, char *why);

/* Nothing may lead into it any more. Its destructors run. return false: the linker keeps it */
bool onebot_object_close(struct onebot_object *object);
/* The same, but it stays in memory for good: something may. */
void onebot_object_keep(struct onebot_object *object);

#endif
