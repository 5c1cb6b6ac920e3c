/* ask.c - a question, and the message that answers it.
 * Floor 9. Listens before the question goes out, so that no answer is too quick. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/memory.h"
#include "onebot/keep.h"
#include "onebot/query.h"
#include "onebot/talk.h"
#include "onebot/utf8.h"
#include "onebot/walk.h"

static const int64_t LAST_WORDS_NS = 5 * XIE_SECOND;

/* --- whom and where ----------------------------------------------------------------- */

/* One question, asked perhaps several times. */
struct asking {
    struct onebot_talk *talk;
    const struct onebot_query *query;
    struct onebot_mailbox *box;
    struct onebot_person to;    /* where it is said */
    struct onebot_person whose; /* whose message answers; user_id 0: anybody's */
    int64_t temporary_group;
    bool over;   /* the time of the scopes around was */
    char *words; /* what is wrong with an answer; on the heap, since thousands may wait */
};

static int address(struct asking *asking, const struct onebot_letter *letter)
{
    const struct onebot_query *query = asking->query;
    asking->to = letter->person;
    asking->temporary_group = letter->temporary_group;
    if (query->user_id && query->user_id != letter->person.user_id) {
        asking->to.user_id = query->user_id;
        asking->temporary_group = 0;
    }
    if (query->in_private && asking->to.group_id) {
        asking->temporary_group = asking->to.group_id;
        asking->to.group_id = 0;
    }
    asking->whose = asking->to;
    if (query->anybody && asking->to.group_id)
        asking->whose.user_id = 0;
    return asking->to.user_id || (asking->to.group_id && query->anybody) ? 0 : -EINVAL;
}

/* The mailbox for it; the handler's first one is part of its talk. */
static int open_box(struct asking *asking)
{
    struct onebot_talk *talk = asking->talk;
    for (struct xie_link *at = talk->boxes.next; at != &talk->boxes; at = at->next) {
        asking->box = XIE_CONTAINER(at, struct onebot_mailbox, mine);
        if (onebot_person_same(&asking->box->person, &asking->whose))
            return 0;
    }
    if (talk->box_count >= ONEBOT_LISTENING)
        return XIE_ELIMIT;
    asking->box = talk->box_count ? xie_alloc(sizeof *asking->box) : &talk->box;
    if (!asking->box)
        return -ENOMEM;
    onebot_mail_open(&talk->bot->program->mail, asking->box, &asking->whose);
    xie_list_push(&talk->boxes, &asking->box->mine);
    talk->box_count++;
    return 0;
}

static int say(const struct asking *asking, const char *text)
{
    return onebot_send_text(asking->talk->bot, &asking->to, asking->temporary_group, text, NULL);
}

/* --- one message -------------------------------------------------------------------- */

static void pass_refused(struct xie_link *refused)
{
    while (!xie_list_empty(refused)) {
        struct onebot_letter *letter = XIE_CONTAINER(refused->next, struct onebot_letter, link);
        xie_list_remove(&letter->link);
        onebot_walk_again(letter);
    }
}

/* Until due, of xie_now(), besides the scopes around. */
static int wait_until(struct asking *asking, struct onebot_question *question, int64_t due)
{
    struct xie_scope scope;
    xie_scope_open_at(&scope, due);
    int error = xie_future_wait(&question->done, NULL);
    xie_scope_close(&scope);
    asking->over = xie_scope_expired(&scope);
    return question->letter ? 0 : error;
}

/* Say text (NULL: nothing), and wait for the next message. An answer that has come wins over an
 * interruption, but not over a question that was not sent. */
static int say_and_wait(struct asking *asking, const char *text, int64_t due,
                        struct onebot_letter **letter)
{
    struct onebot_question question = {.filter = asking->query->filter, .arg = asking->query->arg};
    struct xie_link refused;
    xie_list_init(&refused);
    onebot_mail_ask(&asking->talk->bot->program->mail, asking->box, &question, &refused);
    pass_refused(&refused);
    onebot_keep_pause(asking->talk, 1);
    int error = text ? say(asking, text) : 0;
    onebot_keep_pause(asking->talk, -1);
    if (!error)
        error = wait_until(asking, &question, due);
    if (error)
        onebot_mail_unask(asking->box, &question);
    else
        *letter = question.letter;
    asking->over |= xie_check() == -ETIMEDOUT;
    return error;
}

/* The same as a step of a handler that is kept; of any other it is just that. */
static int hear(struct asking *asking, const char *text, struct onebot_letter **letter)
{
    struct onebot_keep_question question = {
        .to = &asking->to, .whose = &asking->whose, .text = text};
    int recalled = onebot_keep_ask(asking->talk, &question, letter);
    asking->over = question.over || xie_check() == -ETIMEDOUT;
    if (recalled < 0 || recalled == ONEBOT_RECALL_DONE)
        return recalled < 0 ? recalled : 0;
    int error =
        say_and_wait(asking, recalled == ONEBOT_RECALL_BEGUN ? NULL : text, question.due, letter);
    int unkept = onebot_keep_heard(asking->talk, error, asking->over, *letter);
    if (unkept && !error)
        onebot_letter_free(*letter);
    return unkept;
}

/* It is the handler's until its end, or until many others have come. */
static void keep(struct onebot_talk *talk, struct onebot_letter *letter)
{
    letter->talk = talk;
    xie_list_push(&talk->answers, &letter->link);
    if (++talk->answer_count <= ONEBOT_ANSWERS)
        return;
    talk->answer_count--;
    onebot_letter_free(XIE_CONTAINER(talk->answers.next, struct onebot_letter, link));
}

/* --- until one is good -------------------------------------------------------------- */

static bool declines(const struct onebot_query *query, const char *text)
{
    for (size_t i = 0; i < ONEBOT_WORDS && query->cancel[i]; i++)
        if (strcmp(query->cancel[i], text) == 0)
            return true;
    return false;
}

/* What the program says to it, whole. return 0; -ENOMEM */
static int object(struct asking *asking, const char *why)
{
    xie_release(asking->words);
    asking->words = xie_copy_string(why);
    return asking->words ? 0 : -ENOMEM;
}

/* Read an answer. return 1 good; 0 not, and asking->words is what to say; an error */
static int judge(struct asking *asking, struct onebot_letter *letter, struct onebot_answer *answer)
{
    const struct onebot_query *query = asking->query;
    const struct onebot_book *book = &asking->talk->bot->program->rules.book;
    struct onebot_note words = {
        .text = asking->words, .cap = ONEBOT_NOTE, .language = book->language};
    int good = onebot_view_make(book, letter);
    if (good)
        return good;
    answer->text = letter->view.text;
    answer->event = &letter->event;
    if (declines(query, answer->text))
        return XIE_EDECLINED;
    good = onebot_query_read(query, letter, &answer->value, &words);
    const char *why = good && query->check ? query->check(&letter->event, query->arg) : NULL;
    return why ? object(asking, why) : good;
}

static struct onebot_answer failure(int error)
{
    return (struct onebot_answer){.error = error};
}

/* One message, judged. Its error is XIE_EANSWER when it is not good. */
static struct onebot_answer try_once(struct asking *asking, const char *text)
{
    struct onebot_letter *letter = NULL;
    struct onebot_answer answer = {0};
    int good = hear(asking, text, &letter);
    if (good)
        return failure(good);
    xie_release(asking->words);
    asking->words = xie_alloc_zero(ONEBOT_NOTE);
    good = asking->words ? judge(asking, letter, &answer) : -ENOMEM;
    if (good <= 0) {
        onebot_letter_free(letter);
        return failure(good ? good : XIE_EANSWER);
    }
    keep(asking->talk, letter);
    return answer;
}

static struct onebot_answer try_often(struct asking *asking, const char *text)
{
    unsigned tries = asking->query->tries ? asking->query->tries : 3;
    struct onebot_answer answer = try_once(asking, text);
    while (answer.error == XIE_EANSWER && --tries) {
        const char *words = asking->query->again ? asking->query->again : asking->words;
        answer = try_once(asking, *words ? words : NULL);
    }
    xie_release(asking->words);
    return answer;
}

static bool has(const char *words)
{
    return words && *words;
}

/* The scope that ended the question would end these words too; but they may not hold up the end
 * of the bot, whose calls may have no deadline. */
static void say_last(const struct asking *asking, int error)
{
    const struct onebot_query *query = asking->query;
    if (error == XIE_EDECLINED && has(query->cancelled))
        say(asking, query->cancelled);
    if (error != -ETIMEDOUT || !asking->over || !has(query->late))
        return;
    XIE_SHIELD {
        XIE_TIMEOUT(LAST_WORDS_NS)
            say(asking, query->late);
    }
}

static struct onebot_answer ask(struct onebot_event *event, const struct onebot_query *query,
                                const char *text)
{
    struct onebot_letter *letter = onebot_letter_of(event);
    struct asking asking = {.talk = letter->talk, .query = query};
    int error = address(&asking, letter);
    if (!error)
        error = open_box(&asking);
    if (error)
        return failure(error);
    struct onebot_answer answer = try_often(&asking, text);
    say_last(&asking, answer.error);
    return answer;
}

static struct onebot_answer ask_and_release(struct onebot_event *event,
                                            const struct onebot_query *query, char *text)
{
    if (!text)
        return failure(-ENOMEM);
    struct onebot_answer answer = ask(event, query, text);
    xie_release(text);
    return answer;
}

/* --- for handlers ------------------------------------------------------------------- */

struct onebot_answer onebot_ask(struct onebot_event *event, const char *format, ...)
{
    static const struct onebot_query anything = {.type = ONEBOT_REST};
    va_list args;
    va_start(args, format);
    char *text = onebot_utf8_format(format, args);
    va_end(args);
    struct onebot_answer answer = ask_and_release(event, &anything, text);
    if (!answer.error)
        answer.text = answer.event->text; /* with the spaces around */
    return answer;
}

struct onebot_answer onebot_ask_for(struct onebot_event *event, const struct onebot_query *query,
                                    const char *format, ...)
{
    if (!format)
        return ask(event, query, NULL);
    va_list args;
    va_start(args, format);
    char *text = onebot_utf8_format(format, args);
    va_end(args);
    return ask_and_release(event, query, text ? onebot_query_text(query, text) : NULL);
}
