/* zone.c - a time zone from its file (tzfile(5), RFC 9636), and what its clock shows.
 * Floor 9. Never touches TZ or the C library's own zone, which belong to the whole process. */
/* SPDX-License-Identifier: MIT */
#include "onebot/zone.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/sys.h"

enum {
    HEAD = 44,         /* of each of the two parts of a file [bytes] */
    FILE_MOST = 65536, /* the longest of 2025 has 3.5 KiB, an old-fashioned one 8 [bytes] */
    CHANGES_MOST = 4096,
    RULE_MOST = 128,             /* [bytes] */
    OFFSET_MOST = 26 * 3600 - 1, /* RFC 9636 section 3.2: between -25 and 26 hours [seconds] */
    NAME_MOST = 128
};

/* --- the bytes ---------------------------------------------------------------------- */

struct input {
    const unsigned char *at, *end;
};

/* What the head of a part counts. RFC 9636 section 3.1 */
struct counts {
    uint32_t utc, standard, leap, time, type, name;
};

static int64_t big_endian(const unsigned char *bytes, int size)
{
    uint64_t value = bytes[0] & 0x80 ? UINT64_MAX : 0;
    for (int i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    return (int64_t)value;
}

static bool read_head(struct input *input, struct counts *counts, int *version)
{
    const unsigned char *at = input->at;
    if (input->end - at < HEAD || memcmp(at, "TZif", 4))
        return false;
    uint32_t *const fields[] = {&counts->utc,  &counts->standard, &counts->leap,
                                &counts->time, &counts->type,     &counts->name};
    *version = at[4] ? at[4] - '0' : 1;
    for (int i = 0; i < 6; i++) {
        *fields[i] = (uint32_t)big_endian(at + 20 + 4 * i, 4);
        if (*fields[i] > FILE_MOST)
            return false;
    }
    input->at += HEAD;
    return counts->time <= CHANGES_MOST;
}

static size_t part_len(const struct counts *counts, int time_size)
{
    return (size_t)counts->time * (time_size + 1U) + (size_t)counts->type * 6 + counts->name +
           (size_t)counts->leap * (time_size + 4U) + counts->standard + counts->utc;
}

static bool read_offset(const unsigned char *types, const struct counts *counts, unsigned type,
                        int32_t *offset)
{
    if (type >= counts->type)
        return false;
    *offset = (int32_t)big_endian(types + 6 * type, 4);
    return *offset >= -OFFSET_MOST && *offset <= OFFSET_MOST;
}

/* The part that input stands on; its length has been checked. Leap seconds are not counted by
 * time since 1970, and are passed over. */
static int read_part(struct input *input, const struct counts *counts, int size,
                     struct onebot_zone *zone)
{
    const unsigned char *times = input->at, *index = times + (size_t)counts->time * (unsigned)size;
    const unsigned char *types = index + counts->time;
    if (!read_offset(types, counts, 0, &zone->first))
        return -EUCLEAN;
    zone->when = xie_alloc((counts->time + 1) * sizeof *zone->when);
    zone->offset = xie_alloc((counts->time + 1) * sizeof *zone->offset);
    if (!zone->when || !zone->offset)
        return -ENOMEM;
    int32_t last = zone->first;
    for (uint32_t i = 0; i < counts->time; i++) {
        int64_t when = big_endian(times + (size_t)i * (unsigned)size, size);
        int32_t offset;
        if (!read_offset(types, counts, index[i], &offset))
            return -EUCLEAN;
        if (i && when <= big_endian(times + (size_t)(i - 1) * (unsigned)size, size))
            return -EUCLEAN;
        if (offset == last) /* another name for the same time */
            continue;
        zone->when[zone->count] = when;
        zone->offset[zone->count++] = last = offset;
    }
    /* The rule holds from the last time of the file on, whether it changed anything or not. */
    if (counts->time) {
        zone->rule_from = big_endian(times + (size_t)(counts->time - 1) * (unsigned)size, size);
        zone->ruled_after = true;
    }
    input->at += part_len(counts, size);
    return 0;
}

static int read_rule(struct input *input, struct onebot_zone *zone)
{
    char text[RULE_MOST + 1];
    if (input->at == input->end || *input->at++ != '\n')
        return -EUCLEAN;
    const unsigned char *stop = memchr(input->at, '\n', (size_t)(input->end - input->at));
    size_t len = stop ? (size_t)(stop - input->at) : RULE_MOST + 1;
    if (len > RULE_MOST || memchr(input->at, 0, len))
        return -EUCLEAN;
    memcpy(text, input->at, len);
    text[len] = '\0';
    return len && onebot_rule_parse(text, zone) ? -EUCLEAN : 0;
}

static bool fits(const struct input *input, const struct counts *counts, int size)
{
    return part_len(counts, size) <= (size_t)(input->end - input->at);
}

int onebot_zone_parse(const unsigned char *bytes, size_t len, struct onebot_zone *zone)
{
    struct input input = {bytes, bytes + len};
    struct counts counts;
    int version;
    if (!read_head(&input, &counts, &version) || !fits(&input, &counts, 4))
        return -EUCLEAN;
    if (version < 2)
        return read_part(&input, &counts, 4, zone);
    input.at += part_len(&counts, 4); /* the same in 32 bits, for old programs */
    if (!read_head(&input, &counts, &version) || !fits(&input, &counts, 8))
        return -EUCLEAN;
    int error = read_part(&input, &counts, 8, zone);
    return error ? error : read_rule(&input, zone);
}

/* --- the file ----------------------------------------------------------------------- */

static int read_file(const char *path, unsigned char *bytes, size_t *len)
{
    int fd = xie_sys_open(path, O_RDONLY | O_NONBLOCK, 0); /* a pipe must not hold us */
    if (fd < 0)
        return fd;
    ssize_t got = 1;
    *len = 0;
    while (got > 0 && *len < FILE_MOST) {
        got = xie_sys_pread(fd, bytes + *len, FILE_MOST - *len, (int64_t)*len);
        *len += got > 0 ? (size_t)got : 0;
    }
    xie_sys_close(fd);
    if (got < 0)
        return got == -EISDIR ? -ENOENT : (int)got;
    return *len < FILE_MOST ? 0 : -EUCLEAN;
}

/* Letters, digits and _ + - in parts between slashes: nothing that leaves the folder. */
static bool is_name(const char *name)
{
    size_t len = 0;
    for (char last = '/'; name[len]; last = name[len++]) {
        char c = name[len];
        bool inside = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '+' || c == '-';
        if (len == NAME_MOST || (!inside && (c != '/' || last == '/')))
            return false;
    }
    return len && name[len - 1] != '/';
}

static int load(const char *name, struct onebot_zone *zone)
{
    char path[NAME_MOST + 32];
    size_t len;
    if (name && !is_name(name))
        return -ENOENT;
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name ? name : "");
    unsigned char *bytes = xie_alloc(FILE_MOST);
    if (!bytes)
        return -ENOMEM;
    int error = read_file(name ? path : "/etc/localtime", bytes, &len);
    if (!error)
        error = onebot_zone_parse(bytes, len, zone);
    xie_release(bytes);
    return error;
}

int onebot_zone_open(const char *name, struct onebot_zone **zone)
{
    struct onebot_zone *made = xie_alloc_zero(sizeof *made);
    if (!made)
        return -ENOMEM;
    int error = name && !strcmp(name, "UTC") ? 0 : load(name, made);
    if (!name && error == -ENOENT)
        error = 0; /* localtime(5): a machine without the file keeps UTC */
    if (error)
        onebot_zone_free(made);
    else
        *zone = made;
    return error;
}

void onebot_zone_fini(struct onebot_zone *zone)
{
    xie_release(zone->when);
    xie_release(zone->offset);
}

void onebot_zone_free(struct onebot_zone *zone)
{
    if (zone)
        onebot_zone_fini(zone);
    xie_release(zone);
}

/* --- asking ------------------------------------------------------------------------- */

/* How many changes are not later. */
static size_t passed(const struct onebot_zone *zone, int64_t at)
{
    size_t low = 0, high = zone->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (zone->when[middle] <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_ruled(const struct onebot_zone *zone, int64_t at)
{
    return zone->rule && (!zone->ruled_after || at >= zone->rule_from);
}

int32_t onebot_zone_offset(const struct onebot_zone *zone, int64_t at)
{
    const int64_t most = INT64_C(1) << 50; /* 35 million years: the sums below fit */
    if (!zone)
        return 0;
    at = at > most ? most : at < -most ? -most : at;
    if (is_ruled(zone, at))
        return onebot_rule_offset(zone, at);
    size_t count = passed(zone, at);
    return count ? zone->offset[count - 1] : zone->first;
}

int64_t onebot_zone_change(const struct onebot_zone *zone, int64_t after)
{
    if (!zone)
        return XIE_NEVER;
    size_t count = passed(zone, after);
    if (count < zone->count)
        return zone->when[count];
    if (!zone->rule)
        return XIE_NEVER;
    if (is_ruled(zone, after))
        return onebot_rule_change(zone, after);
    int64_t from = zone->rule_from; /* where a file and its rule do not agree, it jumps there */
    if (onebot_zone_offset(zone, from) != onebot_zone_offset(zone, from - 1))
        return from;
    return onebot_rule_change(zone, from);
}
