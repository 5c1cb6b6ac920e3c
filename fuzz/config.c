/* config.c - whatever a file of settings may hold.
 * What is accepted has every default, and is the same when it is read once more.
 *
 *   clang -fsanitize=fuzzer,address,undefined … fuzz/config.c   (see fuzz/README.md) */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xie/onebot/config.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A complaint is one line, and begins with the file. */
static void hear(void *arg, const char *line)
{
    (void)arg;
    if (strncmp(line, "f:", 2) != 0 || strchr(line, '\n'))
        abort();
}

static void use(const struct onebot_config *config)
{
    struct onebot_logger_name names[ONEBOT_LOGGER_NAMES + 1];
    const json_t *values = onebot_config_values(config);
    json_t *section;
    if (!json_is_object(json_object_get(values, "log")))
        abort();
    (void)onebot_settings_log(values, names);
    if (onebot_config_section(config, "plugins.a", onebot_settings_keys, hear, NULL, &section) == 0)
        json_decref(section);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct onebot_config *config, *again;
    const char *text = (const char *)data;
    int error = onebot_config_parse("f", text, size, onebot_settings_keys, hear, NULL, &config);
    if (error && error != XIE_EFAILED)
        abort();
    if (error)
        return 0;
    use(config);
    if (onebot_config_parse("f", text, size, onebot_settings_keys, hear, NULL, &again) != 0 ||
        !json_equal(onebot_config_values(config), onebot_config_values(again)))
        abort();
    onebot_config_close(config);
    onebot_config_close(again);
    return 0;
}
