/* message.c - messages: each segment made and read, the text form both ways, any text at all. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xie.h>
#include <xie/onebot.h>

#include "base/fault.h"
#include "base/memory.h"
#include "tap.h"

/* Memory of jansson is counted too; whatever a test leaves behind is a failure. */
static size_t begin(void)
{
    json_set_alloc_funcs(xie_alloc, xie_release);
    return xie_alloc_live();
}

/* The message in CQ form; released. */
static void string_is(struct onebot_message *message, const char *want)
{
    char *text = NULL;
    ssize_t len = onebot_message_string(message, &text);
    CHECK_EQ(len, (ssize_t)strlen(want));
    CHECK_STR(text, want);
    xie_free(text);
    onebot_message_clear(message);
}

/* The array form as JSON text, keys sorted. */
static void json_is(const struct onebot_message *message, const char *want)
{
    char text[2048];
    size_t len =
        json_dumpb(message->segments, text, sizeof text - 1, JSON_COMPACT | JSON_SORT_KEYS);
    REQUIRE(len < sizeof text);
    text[len] = 0;
    CHECK_STR(text, want);
}

static struct onebot_message parsed(const char *text)
{
    struct onebot_message message = {0};
    onebot_message_parse(&message, text, strlen(text));
    CHECK_EQ(message.error, 0);
    return message;
}

static struct onebot_message read_json(const char *text)
{
    struct onebot_message message = {0};
    json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    REQUIRE(json != NULL);
    onebot_message_read(&message, json);
    json_decref(json);
    CHECK_EQ(message.error, 0);
    return message;
}

/* --- making ------------------------------------------------------------------------- */

static void test_each_segment_is_made(void)
{
    struct onebot_message m = {0};
    size_t live = begin();
    onebot_message_reply(&m, -38171548296);
    onebot_message_at(&m, 10001);
    onebot_message_at_all(&m);
    onebot_message_text(&m, " [%s], %d&", "CQ:at,qq=all", 5);
    onebot_message_face(&m, 14);
    string_is(&m, "[CQ:reply,id=-38171548296][CQ:at,qq=10001][CQ:at,qq=all] "
                  "&#91;CQ:at,qq=all&#93;, 5&amp;[CQ:face,id=14]");
    onebot_message_image(&m, "http://a/b?c=1,2&d[]");
    onebot_message_record(&m, "file:///r");
    onebot_message_video(&m, "v");
    onebot_message_file(&m, "f", "n");
    onebot_message_file(&m, "f", NULL);
    string_is(&m, "[CQ:image,file=http://a/b?c=1&#44;2&amp;d&#91;&#93;][CQ:record,file=file:///r]"
                  "[CQ:video,file=v][CQ:file,file=f,name=n][CQ:file,file=f]");
    onebot_message_dice(&m);
    onebot_message_rps(&m);
    onebot_message_shake(&m);
    onebot_message_poke(&m, 126, 2003);
    onebot_message_anonymous(&m, true);
    onebot_message_anonymous(&m, false);
    onebot_message_share(&m, "u", "t", NULL, "i");
    onebot_message_contact(&m, "qq", 5);
    string_is(&m, "[CQ:dice][CQ:rps][CQ:shake][CQ:poke,type=126,id=2003][CQ:anonymous,ignore=1]"
                  "[CQ:anonymous,ignore=0][CQ:share,url=u,title=t,image=i]"
                  "[CQ:contact,type=qq,id=5]");
    onebot_message_location(&m, 39.8969426, -116.3109099, "t", NULL);
    onebot_message_music(&m, "163", "28949129");
    onebot_message_music_custom(&m, "u", "a", "t", "c", NULL);
    onebot_message_xml(&m, "<a/>");
    onebot_message_json(&m, "{\"a\":[1,2]}");
    onebot_message_miniapp(&m, "{}");
    onebot_message_markdown(&m, "# x");
    onebot_message_mface(&m, 7, "e", "k", "[s]");
    onebot_message_forward(&m, "abc");
    onebot_message_node_id(&m, 9);
    string_is(&m, "[CQ:location,lat=39.8969426,lon=-116.3109099,title=t][CQ:music,type=163,id="
                  "28949129][CQ:music,type=custom,url=u,audio=a,title=t,content=c][CQ:xml,data=<a/>"
                  "][CQ:json,data={\"a\":&#91;1&#44;2&#93;}][CQ:miniapp,data={}][CQ:markdown,"
                  "content=# x][CQ:mface,emoji_package_id=7,emoji_id=e,key=k,summary=&#91;s&#93;]"
                  "[CQ:forward,id=abc][CQ:node,id=9]");
    CHECK_EQ(xie_alloc_live(), live);
}

static void test_a_node_has_both_spellings_and_takes_its_content(void)
{
    struct onebot_message nodes = {0}, content = {0};
    size_t live = begin();
    onebot_message_text(&content, "a,b");
    onebot_message_face(&content, 1);
    onebot_message_node(&nodes, 10001, "Nick", &content);
    CHECK(content.segments == NULL && content.error == 0);
    json_is(&nodes, "[{\"data\":{\"content\":[{\"data\":{\"text\":\"a,b\"},\"type\":\"text\"},"
                    "{\"data\":{\"id\":\"1\"},\"type\":\"face\"}],\"name\":\"Nick\",\"nickname\":"
                    "\"Nick\",\"uin\":\"10001\",\"user_id\":\"10001\"},\"type\":\"node\"}]");
    string_is(&nodes, "[CQ:node,user_id=10001,nickname=Nick,uin=10001,name=Nick,content="
                      "a&#44;b&#91;CQ:face&#44;id=1&#93;]");
    onebot_message_node(&nodes, 1, "Nobody says nothing", &content);
    CHECK_EQ(nodes.error, -EINVAL);
    onebot_message_clear(&nodes);
    onebot_message_text(&content, "x");
    content.error = -EIO;
    onebot_message_node(&nodes, 1, "Who failed", &content);
    CHECK_EQ(nodes.error, -EIO);
    CHECK(content.segments == NULL && content.error == 0);
    onebot_message_clear(&nodes);
    CHECK_EQ(xie_alloc_live(), live);
}

static void test_any_other_segment(void)
{
    struct onebot_message m = {0};
    size_t live = begin();
    onebot_message_segment(&m, "new", "{s:i, s:[s]}", "n", 5, "list", "x");
    onebot_message_segment(&m, "bare", NULL);
    json_is(&m, "[{\"data\":{\"list\":[\"x\"],\"n\":5},\"type\":\"new\"},"
                "{\"data\":{},\"type\":\"bare\"}]");
    string_is(&m, "[CQ:new,n=5,list=&#91;\"x\"&#93;][CQ:bare]");
    static const char *const bad[] = {"[i]", "{", "i", "{i:i}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        onebot_message_segment(&m, "x", bad[i], 1, 1);
        CHECK_EQ(m.error, -EINVAL);
        onebot_message_clear(&m);
    }
    onebot_message_segment(&m, "x", "{s:s}", "k", "\xFF");
    CHECK_EQ(m.error, -EINVAL);
    onebot_message_clear(&m);
    CHECK_EQ(xie_alloc_live(), live);
}

static void test_the_first_error_is_kept_and_nothing_is_added(void)
{
    struct onebot_message m = {0};
    size_t live = begin();
    onebot_message_text(&m, "kept");
    onebot_message_location(&m, 91, 0, NULL, NULL);
    CHECK_EQ(m.error, -EINVAL);
    m.error = -EIO; /* as if that had been first */
    onebot_message_location(&m, 0, 181, NULL, NULL);
    onebot_message_cq(&m, "%d", 5);
    onebot_message_text(&m, "more");
    onebot_message_dice(&m);
    onebot_message_bytes(&m, "image", NULL, "x", 1);
    onebot_message_from_disk(&m, "image", "/", 0);
    onebot_message_parse(&m, "x", 1);
    onebot_message_segment(&m, "x", NULL);
    CHECK_EQ(m.error, -EIO);
    CHECK_EQ(json_array_size(m.segments), 1);
    char *text = NULL;
    CHECK_EQ(onebot_message_string(&m, &text), -EIO);
    CHECK(text == NULL);
    struct onebot_message copy = onebot_message_copy(&m);
    CHECK_EQ(copy.error, -EIO);
    onebot_message_clear(&copy);
    onebot_message_clear(&m);
    CHECK_EQ(m.error, 0);
    onebot_message_location(&m, __builtin_nan(""), 0, NULL, NULL);
    CHECK_EQ(m.error, -EINVAL);
    onebot_message_clear(&m);
    CHECK_EQ(xie_alloc_live(), live);
}

static void test_a_copy_goes_its_own_way(void)
{
    struct onebot_message m = {0};
    size_t live = begin();
    struct onebot_message empty = onebot_message_copy(&m);
    CHECK(empty.segments == NULL && empty.error == 0);
    onebot_message_text(&m, "a");
    struct onebot_message copy = onebot_message_copy(&m);
    onebot_message_text(&copy, "b");
    string_is(&m, "a");
    string_is(&copy, "ab");
    CHECK_EQ(xie_alloc_live(), live);
}

static void test_bytes_that_are_no_UTF_8_are_replaced(void)
{
    struct onebot_message m = {0};
    size_t live = begin();
    onebot_message_text(&m, "a\xFF%s", "\xE5\x8D");
    onebot_message_image(&m, "\xC0\x80");
    onebot_message_parse(&m, "x[CQ:\xFF,\xFE=\xFD]", 11);
    string_is(&m, "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD[CQ:image,file=\xEF\xBF\xBD\xEF\xBF\xBD]x"
                  "[CQ:\xEF\xBF\xBD,\xEF\xBF\xBD=\xEF\xBF\xBD]");
    CHECK_EQ(xie_alloc_live(), live);
}

/* --- from the disk ------------------------------------------------------------------ */

static void test_base64(void)
{
    static const char *const want[] = {
        "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"}; /* RFC 4648 section 10 */
    size_t live = begin();
    for (size_t len = 0; len <= 6; len++) {
        struct onebot_message m = {0};
        char text[64];
        onebot_message_bytes(&m, "image", NULL, "foobar", len);
        snprintf(text, sizeof text, "[CQ:image,file=base64://%s]", want[len]);
        string_is(&m, text);
    }
    struct onebot_message m = {0};
    onebot_message_bytes(&m, "file", "n", "\xFB\xFF\x00", 3);
    string_is(&m, "[CQ:file,file=base64://+/8A,name=n]");
    CHECK_EQ(xie_alloc_live(), live);
}

static int read_files(void *arg)
{
    const char *path = arg;
    struct onebot_message m = {0};
    onebot_message_from_disk(&m, "image", path, 6);
    string_is(&m, "[CQ:image,file=base64://Zm9vYmFy]");
    onebot_message_from_disk(&m, "file", path, 0);
    char want[128];
    snprintf(want, sizeof want, "[CQ:file,file=base64://Zm9vYmFy,name=%s]", strrchr(path, '/') + 1);
    string_is(&m, want);
    onebot_message_from_disk(&m, "image", path, 5);
    CHECK_EQ(m.error, XIE_ELIMIT);
    onebot_message_clear(&m);
    onebot_message_from_disk(&m, "image", "/nowhere/at/all", 0);
    CHECK_EQ(m.error, -ENOENT);
    onebot_message_clear(&m);
    XIE_SCOPE(scope, XIE_NEVER) {
        xie_scope_cancel(&scope);
        onebot_message_from_disk(&m, "image", path, 0);
        CHECK_EQ(m.error, -ECANCELED);
        onebot_message_clear(&m);
    }
    return 0;
}

static void test_files_from_the_disk(void)
{
    char path[] = "/tmp/xie-message-XXXXXX";
    int fd = mkstemp(path);
    REQUIRE(fd >= 0);
    REQUIRE(write(fd, "foobar", 6) == 6);
    close(fd);
    size_t live = begin();
    CHECK_EQ(xie_run(read_files, path), 0);
    CHECK_EQ(xie_alloc_live(), live);
    unlink(path);
}

/* --- the text form ------------------------------------------------------------------ */

static void test_strings_are_taken_apart(void)
{
    static const struct {
        const char *text, *json;
    } cases[] = {
        {"a&#91;b&#93;&amp;amp; &#44;[CQ:at,qq=1]c",
         "[{\"data\":{\"text\":\"a[b]&amp; &#44;\"},\"type\":\"text\"},{\"data\":{\"qq\":\"1\"},"
         "\"type\":\"at\"},{\"data\":{\"text\":\"c\"},\"type\":\"text\"}]"},
        {"[CQ:x,a=1=2,b=,c,,d=&#44;&#91;&#93;&amp;#44;,a=3]",
         "[{\"data\":{\"a\":\"3\",\"b\":\"\",\"c\":\"\",\"d\":\",[]&#44;\"},\"type\":\"x\"}]"},
        {"[CQ:]x[CQ:,a=b]", "[{\"data\":{\"text\":\"[CQ:]x[CQ:,a=b]\"},\"type\":\"text\"}]"},
        {"[CQ:face,id=1", "[{\"data\":{\"text\":\"[CQ:face,id=1\"},\"type\":\"text\"}]"},
        {"[[CQ:shake]]",
         "[{\"data\":{\"text\":\"[\"},\"type\":\"text\"},{\"data\":{},\"type\":\"shake\"},"
         "{\"data\":{\"text\":\"]\"},\"type\":\"text\"}]"},
        {"[CQ:shake,]", "[{\"data\":{},\"type\":\"shake\"}]"},
        {"[cq:shake] [CQ :x]", "[{\"data\":{\"text\":\"[cq:shake] [CQ :x]\"},\"type\":\"text\"}]"},
    };
    size_t live = begin();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct onebot_message m = parsed(cases[i].text);
        json_is(&m, cases[i].json);
        onebot_message_clear(&m);
    }
    struct onebot_message m = parsed("");
    CHECK(m.segments == NULL);
    CHECK_EQ(xie_alloc_live(), live);
}

/* Many beginnings without an end must not cost their square. */
static void test_codes_that_never_end(void)
{
    enum { COUNT = 1 << 20 };
    size_t live = begin();
    char *text = malloc(4 * COUNT);
    for (size_t i = 0; i < COUNT; i++)
        memcpy(text + 4 * i, "[CQ:", 4);
    struct onebot_message m = {0};
    onebot_message_parse(&m, text, 4 * COUNT);
    CHECK_EQ(json_array_size(m.segments), 1);
    onebot_message_clear(&m);
    for (size_t i = 0; i < COUNT; i++)
        memcpy(text + 4 * i, i % 2 ? ",a=b" : "[CQ:", 4);
    text[4 * COUNT - 1] = ']';
    onebot_message_parse(&m, text, 4 * COUNT);
    CHECK_EQ(json_array_size(m.segments), 1);
    onebot_message_clear(&m);
    free(text);
    CHECK_EQ(xie_alloc_live(), live);
}

static void cq_is(struct onebot_message *m, const char *want)
{
    CHECK_EQ(m->error, 0);
    string_is(m, want);
}

static void test_a_template_escapes_its_arguments(void)
{
    struct onebot_message m = {0};
    size_t live = begin();
    const char *evil = "[CQ:at,qq=all],&";
    onebot_message_cq(&m, "[CQ:reply,id=%lld][CQ:at,qq=%d] %s[CQ:image,file=%s]100%%", -5LL, 7,
                      evil, evil);
    json_is(&m, "[{\"data\":{\"id\":\"-5\"},\"type\":\"reply\"},{\"data\":{\"qq\":\"7\"},\"type\":"
                "\"at\"},{\"data\":{\"text\":\" [CQ:at,qq=all],&\"},\"type\":\"text\"},{\"data\":{"
                "\"file\":\"[CQ:at,qq=all],&\"},\"type\":\"image\"},{\"data\":{\"text\":\"100%\"},"
                "\"type\":\"text\"}]");
    onebot_message_clear(&m);
    onebot_message_cq(&m, "%c%s%c", '[', "CQ:at,qq=all", ']');
    cq_is(&m, "&#91;CQ:at,qq=all&#93;");
    onebot_message_cq(&m, "[%s] [CQ%s[%s:at]", "CQ:at,qq=all", ":at,qq=all]", "CQ");
    string_is(&m, "&#91;CQ:at,qq=all&#93; &#91;CQ:at,qq=all&#93;&#91;CQ:at&#93;");
    onebot_message_cq(&m, "[CQ:x,%s=%s,b=[CQ:]&#91;]", "k", "1,j=2");
    json_is(&m, "[{\"data\":{\"b\":\"[CQ:\",\"k\":\"1,j=2\"},\"type\":\"x\"},{\"data\":{\"text\":"
                "\"[]\"},\"type\":\"text\"}]");
    onebot_message_clear(&m);
    CHECK_EQ(xie_alloc_live(), live);
}

static void test_a_template_knows_printf(void)
{
    struct onebot_message m = {0};
    size_t live = begin();
    onebot_message_cq(&m, "%5d|%-5s|%05.1f|%x|%hhd|%hu|%ld|%llu|%zu|%jd|%td", 42, "ab", 3.14159,
                      255u, (signed char)1, (unsigned short)65535, -1L, 18446744073709551615ULL,
                      (size_t)7, (intmax_t)-8, (ptrdiff_t)9);
    cq_is(&m, "   42|ab   |003.1|ff|1|65535|-1|18446744073709551615|7|-8|9");
    onebot_message_cq(&m, "%*d|%-*d|%.*s|%.*s|%Lg|%+d|% d|%#o|%g|%c", 4, 1, 3, 2, 2, "abcd", -1,
                      "all", 1.5L, 3, 4, 8, 0.5, 'x');
    cq_is(&m, "   1|2  |ab|all|1.5|+3| 4|010|0.5|x");
    onebot_message_cq(&m, "%d%%[CQ:face,id=%i]", 50, 3);
    cq_is(&m, "50%[CQ:face,id=3]");
    CHECK_EQ(xie_alloc_live(), live);
}

__attribute__((format(printf, 1, 0))) static void refused(const char *format)
{
    struct onebot_message m = {0};
    int number = 0;
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wformat-nonliteral\"");
    onebot_message_cq(&m, format, &number);
    _Pragma("GCC diagnostic pop");
    CHECK_EQ(m.error, -EINVAL);
    onebot_message_clear(&m);
}

static void test_a_template_that_is_none(void)
{
    static const char *const bad[] = {
        "a%n",  "a%ls",
        "a%lc", "a%",
        "a%5",  "a%y",
        "a%ll", "%0000000000000000000000000000000000000000000000000000000000000000005d"};
    size_t live = begin();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(bad[i]);
    CHECK_EQ(xie_alloc_live(), live);
}

/* --- reading ------------------------------------------------------------------------ */

static void test_a_message_in_any_form(void)
{
    size_t live = begin();
    struct onebot_message m = read_json("\"a[CQ:face,id=1]\"");
    string_is(&m, "a[CQ:face,id=1]");
    m = read_json("{\"type\":\"shake\",\"data\":null}");
    json_is(&m, "[{\"data\":{},\"type\":\"shake\"}]");
    onebot_message_clear(&m);
    m = read_json("[{\"type\":\"at\",\"data\":{\"qq\":38171548296,\"x\":true,\"y\":false,\"z\":1.5,"
                  "\"n\":null}},{\"type\":\"shake\"},{\"type\":\"text\",\"data\":{\"text\":5}}]");
    json_is(&m, "[{\"data\":{\"n\":null,\"qq\":\"38171548296\",\"x\":\"1\",\"y\":\"0\",\"z\":"
                "\"1.5\"},\"type\":\"at\"},{\"data\":{},\"type\":\"shake\"},{\"data\":{\"text\":"
                "\"5\"},\"type\":\"text\"}]");
    string_is(&m, "[CQ:at,qq=38171548296,x=1,y=0,z=1.5][CQ:shake]5");
    static const char *const nothing[] = {"null",
                                          "5",
                                          "true",
                                          "[]",
                                          "{}",
                                          "\"\"",
                                          "[1,\"x\",null,[],{},{\"type\":5},{\"type\":\"\"}]"};
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        m = read_json(nothing[i]);
        CHECK_EQ(json_array_size(m.segments), 0);
        onebot_message_clear(&m);
    }
    onebot_message_read(&m, NULL);
    CHECK(m.segments == NULL && m.error == 0);
    CHECK_EQ(xie_alloc_live(), live);
}

static void test_unknown_segments_are_untouched(void)
{
    static const char unknown[] =
        "[{\"data\":{\"deep\":[{\"a\":1}],\"n\":5,\"t\":true},"
        "\"more\":1,\"type\":\"new\"},{\"data\":null,\"type\":\"other\"}]";
    size_t live = begin();
    struct onebot_message m = read_json("[{\"type\":\"node\",\"data\":{\"content\":[]}},"
                                        "{\"type\":\"x\",\"data\":{\"\":\"\"}}]");
    string_is(&m, "[CQ:node,content=][CQ:x,=]"); /* nothing inside */
    m = read_json(unknown);
    json_is(&m, unknown);
    struct onebot_segment segment;
    CHECK(onebot_message_get(&m, 0, &segment));
    CHECK_EQ(segment.kind, ONEBOT_SEGMENT_UNKNOWN);
    CHECK_STR(segment.type, "new");
    CHECK_EQ(onebot_int(segment.data, "n"), 5);
    string_is(&m, "[CQ:new,deep=&#91;{\"a\":1}&#93;,n=5,t=1][CQ:other]");
    CHECK_EQ(xie_alloc_live(), live);
}

static struct onebot_segment get(const struct onebot_message *m, size_t index,
                                 enum onebot_segment_kind kind)
{
    struct onebot_segment segment = {.kind = ONEBOT_SEGMENT_UNKNOWN, .type = "none"};
    CHECK(onebot_message_get(m, index, &segment));
    CHECK_EQ(segment.kind, kind);
    return segment;
}

static void test_segments_are_read(void)
{
    size_t live = begin();
    struct onebot_message m = read_json(
        "[{\"type\":\"text\",\"data\":{\"text\":\"T\"}},{\"type\":\"image\",\"data\":{\"file\":"
        "\"F\",\"url\":\"U\",\"type\":\"flash\",\"file_size\":\"12\",\"summary\":\"S\"}},"
        "{\"type\":\"record\",\"data\":{\"file\":\"F\",\"magic\":\"yes\"}},{\"type\":\"at\","
        "\"data\":{\"qq\":38171548296,\"name\":\"N\"}},{\"type\":\"at\",\"data\":{\"qq\":\"all\"}},"
        "{\"type\":\"dice\",\"data\":{\"result\":\"6\"}},{\"type\":\"poke\",\"data\":{\"type\":126,"
        "\"id\":2003,\"name\":\"P\"}},{\"type\":\"reply\",\"data\":{\"id\":-7}},{\"type\":"
        "\"location\",\"data\":{\"lat\":\"1.5\",\"lon\":-2,\"title\":\"L\"}}]");
    CHECK_STR(get(&m, 0, ONEBOT_SEGMENT_TEXT).text, "T");
    struct onebot_media image = get(&m, 1, ONEBOT_SEGMENT_IMAGE).media;
    CHECK_STR(image.file, "F");
    CHECK_STR(image.url, "U");
    CHECK_STR(image.summary, "S");
    CHECK_STR(image.name, "");
    CHECK(image.flash && !image.magic && image.size == 12);
    CHECK(get(&m, 2, ONEBOT_SEGMENT_RECORD).media.magic);
    struct onebot_mention at = get(&m, 3, ONEBOT_SEGMENT_AT).at;
    CHECK(at.user_id == 38171548296 && !at.all);
    CHECK_STR(at.name, "N");
    at = get(&m, 4, ONEBOT_SEGMENT_AT).at;
    CHECK(at.user_id == 0 && at.all);
    CHECK_EQ(get(&m, 5, ONEBOT_SEGMENT_DICE).number.result, 6);
    struct onebot_numbered poke = get(&m, 6, ONEBOT_SEGMENT_POKE).number;
    CHECK_EQ(poke.id, 2003);
    CHECK_STR(poke.type, "126");
    CHECK_STR(poke.name, "P");
    CHECK_EQ(get(&m, 7, ONEBOT_SEGMENT_REPLY).number.id, -7);
    struct onebot_place place = get(&m, 8, ONEBOT_SEGMENT_LOCATION).place;
    CHECK(place.lat == 1.5 && place.lon == -2);
    CHECK_STR(place.title, "L");
    struct onebot_segment untouched = {.type = "as it was"};
    CHECK(!onebot_message_get(&m, 9, &untouched));
    CHECK_STR(untouched.type, "as it was");
    onebot_message_clear(&m);
    CHECK_EQ(xie_alloc_live(), live);
}

/* What is no number of JSON is none in a string: "nan" from afar reaches no handler. */
static void test_numbers_that_are_none(void)
{
    static const char *const none[] = {"nan", "-inf", "0x10", "1e999", "1,5", " 1", ""};
    size_t live = begin();
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        char text[128];
        snprintf(text, sizeof text,
                 "[{\"type\":\"location\",\"data\":{\"lat\":\"%s\",\"lon\":\"-2.5\"}}]", none[i]);
        struct onebot_message m = read_json(text);
        struct onebot_place place = get(&m, 0, ONEBOT_SEGMENT_LOCATION).place;
        CHECK(place.lat == 0 && place.lon == -2.5);
        onebot_message_clear(&m);
    }
    CHECK_EQ(xie_alloc_live(), live);
}

static void test_bundles_links_and_texts_are_read(void)
{
    size_t live = begin();
    struct onebot_message m = read_json(
        "[{\"type\":\"forward\",\"data\":{\"id\":\"R\",\"content\":[{\"type\":\"node\",\"data\":{"
        "\"uin\":5,\"name\":\"N\",\"content\":\"hi\"}}]}},{\"type\":\"share\",\"data\":{\"url\":"
        "\"U\",\"title\":\"T\",\"content\":\"C\",\"image\":\"I\"}},{\"type\":\"music\",\"data\":{"
        "\"type\":\"qq\",\"id\":17}},{\"type\":\"json\",\"data\":{\"data\":\"D\"}},{\"type\":"
        "\"markdown\",\"data\":{\"content\":\"M\"}},{\"type\":\"mface\",\"data\":{\"emoji_id\":"
        "\"E\","
        "\"emoji_package_id\":9,\"key\":\"K\",\"summary\":\"S\",\"url\":\"U\"}},{\"type\":"
        "\"anonymous\",\"data\":{\"ignore\":\"1\"}},{\"type\":\"shake\",\"data\":null}]");
    struct onebot_bundle bundle = get(&m, 0, ONEBOT_SEGMENT_FORWARD).bundle;
    CHECK_STR(bundle.id, "R");
    struct onebot_message nodes = {0}, said = {0};
    onebot_message_read(&nodes, bundle.content);
    bundle = get(&nodes, 0, ONEBOT_SEGMENT_NODE).bundle;
    CHECK_EQ(bundle.user_id, 5);
    CHECK_STR(bundle.nickname, "N");
    onebot_message_read(&said, bundle.content);
    string_is(&said, "hi");
    onebot_message_clear(&nodes);
    struct onebot_share link = get(&m, 1, ONEBOT_SEGMENT_SHARE).link;
    CHECK_STR(link.url, "U");
    CHECK_STR(link.title, "T");
    CHECK_STR(link.content, "C");
    CHECK_STR(link.image, "I");
    link = get(&m, 2, ONEBOT_SEGMENT_MUSIC).link;
    CHECK_STR(link.type, "qq");
    CHECK_STR(link.id, "17");
    CHECK_STR(get(&m, 3, ONEBOT_SEGMENT_JSON).text, "D");
    CHECK_STR(get(&m, 4, ONEBOT_SEGMENT_MARKDOWN).text, "M");
    struct onebot_mface mface = get(&m, 5, ONEBOT_SEGMENT_MFACE).mface;
    CHECK_STR(mface.emoji_id, "E");
    CHECK_EQ(mface.package_id, 9);
    CHECK(get(&m, 6, ONEBOT_SEGMENT_ANONYMOUS).ignore);
    get(&m, 7, ONEBOT_SEGMENT_SHAKE);
    onebot_message_clear(&m);
    CHECK_EQ(xie_alloc_live(), live);
}

/* Each type by name, made with no data: strings are "", numbers 0. */
static void test_every_kind_is_known_by_its_name(void)
{
    static const struct {
        const char *type;
        enum onebot_segment_kind kind;
    } kinds[] = {
        {"text", ONEBOT_SEGMENT_TEXT},
        {"face", ONEBOT_SEGMENT_FACE},
        {"image", ONEBOT_SEGMENT_IMAGE},
        {"record", ONEBOT_SEGMENT_RECORD},
        {"video", ONEBOT_SEGMENT_VIDEO},
        {"file", ONEBOT_SEGMENT_FILE},
        {"at", ONEBOT_SEGMENT_AT},
        {"rps", ONEBOT_SEGMENT_RPS},
        {"dice", ONEBOT_SEGMENT_DICE},
        {"shake", ONEBOT_SEGMENT_SHAKE},
        {"poke", ONEBOT_SEGMENT_POKE},
        {"anonymous", ONEBOT_SEGMENT_ANONYMOUS},
        {"share", ONEBOT_SEGMENT_SHARE},
        {"contact", ONEBOT_SEGMENT_CONTACT},
        {"location", ONEBOT_SEGMENT_LOCATION},
        {"music", ONEBOT_SEGMENT_MUSIC},
        {"reply", ONEBOT_SEGMENT_REPLY},
        {"forward", ONEBOT_SEGMENT_FORWARD},
        {"node", ONEBOT_SEGMENT_NODE},
        {"xml", ONEBOT_SEGMENT_XML},
        {"json", ONEBOT_SEGMENT_JSON},
        {"mface", ONEBOT_SEGMENT_MFACE},
        {"markdown", ONEBOT_SEGMENT_MARKDOWN},
        {"miniapp", ONEBOT_SEGMENT_MINIAPP},
        {"Text", ONEBOT_SEGMENT_UNKNOWN},
        {"lightapp", ONEBOT_SEGMENT_UNKNOWN},
    };
    size_t live = begin();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct onebot_message m = {0};
        onebot_message_segment(&m, kinds[i].type, NULL);
        CHECK_STR(get(&m, 0, kinds[i].kind).type, kinds[i].type);
        if (kinds[i].kind == ONEBOT_SEGMENT_TEXT)
            CHECK_STR(get(&m, 0, kinds[i].kind).text, "");
        onebot_message_clear(&m);
    }
    CHECK_EQ(xie_alloc_live(), live);
}

/* --- any text at all ---------------------------------------------------------------- */

static uint64_t random_state = 1;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Random pieces of what matters, and every byte. */
static size_t random_text(char *text, size_t cap)
{
    static const char *const pieces[] = {
        "[CQ:", "]", ",",  "=",  "&amp;", "&#91;",        "&#93;", "&#44;", "&",         "[",
        "协",   "😀", "at", "qq", "\xE5",  "\xED\xA0\x80", "#",     ";",     "&amp;#44;", "text"};
    size_t len = 0, most = next_random() % cap;
    while (len + 16 < most) {
        if (next_random() % 3 == 0) {
            text[len++] = (char)next_random();
            continue;
        }
        const char *piece = pieces[next_random() % (sizeof pieces / sizeof *pieces)];
        memcpy(text + len, piece, strlen(piece));
        len += strlen(piece);
    }
    return len;
}

/* Parsed, written and parsed again it is the same; and written again, the same string. */
static void round_trip(const char *text, size_t len)
{
    struct onebot_message first = {0}, second = {0};
    char *once = NULL, *twice = NULL;
    onebot_message_parse(&first, text, len);
    ssize_t once_len = onebot_message_string(&first, &once);
    REQUIRE(once_len >= 0);
    onebot_message_parse(&second, once, (size_t)once_len);
    ssize_t twice_len = onebot_message_string(&second, &twice);
    /* A text written as a code is one with the text beside it. */
    CHECK(json_array_size(first.segments) == 0 || memmem(text, len, "[CQ:text", 8) ||
          json_equal(first.segments, second.segments));
    CHECK(once_len == twice_len && memcmp(once, twice, (size_t)once_len) == 0);
    xie_free(once);
    xie_free(twice);
    onebot_message_clear(&first);
    onebot_message_clear(&second);
}

static void test_any_text_goes_round(void)
{
    char text[256];
    size_t live = begin();
    unsigned rounds = tap_slow() ? 500 : 20000;
    tap_limit(120);
    for (int byte = 0; byte < 256; byte++) {
        char one[] = {(char)byte, '[', 'C', 'Q', ':', 'x', ',', 'k', '=', (char)byte, ']'};
        round_trip(one, 1);
        round_trip(one, sizeof one);
    }
    for (unsigned i = 0; i < rounds; i++)
        round_trip(text, random_text(text, sizeof text));
    CHECK_EQ(xie_alloc_live(), live);
}

/* Any value in any segment comes back as it was, through the text form. */
static void test_any_value_goes_round(void)
{
    char text[128];
    size_t live = begin();
    for (unsigned i = 0; i < 5000 / (tap_slow() ? 20 : 1); i++) {
        struct onebot_message m = {0}, back = {0};
        size_t len = random_text(text, sizeof text);
        text[len] = 0;
        char *cq = NULL;
        onebot_message_image(&m, text);
        onebot_message_text(&m, "%s.", text);
        onebot_message_node_id(&m, (int64_t)next_random());
        ssize_t cq_len = onebot_message_string(&m, &cq);
        onebot_message_parse(&back, cq, (size_t)cq_len);
        CHECK(json_equal(m.segments, back.segments));
        xie_free(cq);
        onebot_message_clear(&m);
        onebot_message_clear(&back);
    }
    CHECK_EQ(xie_alloc_live(), live);
}

/* --- no memory ---------------------------------------------------------------------- */

/* Everything once; returns the first error. */
static int everything(void)
{
    struct onebot_message m = {0}, content = {0};
    char *text = NULL;
    onebot_message_text(&content, "%s", "x");
    onebot_message_node(&m, 1, "N", &content);
    onebot_message_at(&m, 5);
    onebot_message_location(&m, 1.5, 2.5, "t", "c");
    onebot_message_bytes(&m, "image", "n", "abc", 3);
    onebot_message_segment(&m, "new", "{s:s, s:[i]}", "a", "b", "c", 1);
    onebot_message_cq(&m, "a%s[CQ:x,k=%d]\xFF", "[b]", 5);
    onebot_message_parse(&m, "a[CQ:y,k=\xFF,l]&amp;", 18);
    struct onebot_message copy = onebot_message_copy(&m);
    json_t *json =
        json_pack("[{s:s, s:{s:i, s:b, s:f}}]", "type", "at", "data", "qq", 5, "b", 1, "f", 0.5);
    int error = json ? 0 : -ENOMEM;
    onebot_message_read(&copy, json);
    json_decref(json);
    if (!error)
        error = copy.error;
    if (!error)
        error = (int)onebot_message_string(&copy, &text);
    xie_free(text);
    onebot_message_clear(&m);
    onebot_message_clear(&copy);
    onebot_message_clear(&content);
    return error;
}

static void test_each_allocation_fails_once(void)
{
    size_t live = begin();
    int whole = everything();
    CHECK(whole > 0);
    CHECK_EQ(xie_alloc_live(), live);
    for (uint64_t nth = 1;; nth++) {
        memset(&xie_fault_plan, 0, sizeof xie_fault_plan);
        xie_fault_plan.nth = nth;
        xie_fault_plan.error = -ENOMEM;
        xie_fault_plan.kinds = XIE_FAULT_MEMORY;
        int error = everything();
        xie_fault_plan.kinds = 0;
        if (xie_alloc_live() != live)
            tap_failed(__FILE__, __LINE__, "allocation %llu leaks", (unsigned long long)nth);
        if (!xie_fault_plan.failed) {
            CHECK(error > 0 && nth > 50);
            return;
        }
        /* -EINVAL: json_pack takes a string that it had no memory for, for one that is NULL. The
         * whole: what is no UTF-8 for want of memory is repaired in other memory. */
        if (error != -ENOMEM && error != -EINVAL && error != whole)
            tap_failed(__FILE__, __LINE__, "allocation %llu: %d", (unsigned long long)nth, error);
    }
}

static const struct tap_test tests[] = {
    {"each segment is made", test_each_segment_is_made},
    {"a node has both spellings and takes its content",
     test_a_node_has_both_spellings_and_takes_its_content},
    {"any other segment", test_any_other_segment},
    {"the first error is kept and nothing is added",
     test_the_first_error_is_kept_and_nothing_is_added},
    {"a copy goes its own way", test_a_copy_goes_its_own_way},
    {"bytes that are no UTF-8 are replaced", test_bytes_that_are_no_UTF_8_are_replaced},
    {"base64", test_base64},
    {"files from the disk", test_files_from_the_disk},
    {"strings are taken apart", test_strings_are_taken_apart},
    {"codes that never end", test_codes_that_never_end},
    {"a template escapes its arguments", test_a_template_escapes_its_arguments},
    {"a template knows printf", test_a_template_knows_printf},
    {"a template that is none", test_a_template_that_is_none},
    {"a message in any form", test_a_message_in_any_form},
    {"unknown segments are untouched", test_unknown_segments_are_untouched},
    {"segments are read", test_segments_are_read},
    {"numbers that are none", test_numbers_that_are_none},
    {"bundles, links and texts are read", test_bundles_links_and_texts_are_read},
    {"every kind is known by its name", test_every_kind_is_known_by_its_name},
    {"any text goes round", test_any_text_goes_round},
    {"any value goes round", test_any_value_goes_round},
    {"each allocation fails once", test_each_allocation_fails_once},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
