/* ask.c - a question, and the same person's next message.
 * Floor 9. Listens before the question goes out, so that no answer is too quick. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>

#include "base/memory.h"
#include "onebot/bot.h"
#include "onebot/talk.h"
#include "onebot/utf8.h"

/* An answer that has come wins over an interruption. */
static int wait_for(struct onebot_question *question)
{
    int error = xie_future_wait(&question->done, NULL);
    return question->letter ? 0 : error;
}

static struct onebot_answer take(struct onebot_talk *talk, struct onebot_question *question)
{
    struct onebot_letter *letter = question->letter;
    letter->talk = talk;
    xie_list_push(&talk->answers, &letter->link);
    return (struct onebot_answer){.text = letter->event.text, .event = &letter->event};
}

static struct onebot_answer ask(struct onebot_letter *letter, const char *text)
{
    struct onebot_talk *talk = letter->talk;
    struct onebot_question question;
    onebot_mail_ask(&talk->bot->program->mail, &talk->box, &letter->person, &question);
    int error = onebot_send_text(talk->bot, &letter->person, letter->temporary_group, text, NULL);
    if (!error)
        error = wait_for(&question);
    if (!error)
        return take(talk, &question);
    onebot_mail_unask(&talk->box, &question);
    return (struct onebot_answer){.error = error};
}

struct onebot_answer onebot_ask(struct onebot_event *event, const char *format, ...)
{
    struct onebot_letter *letter = onebot_letter_of(event);
    if (!letter->person.user_id)
        return (struct onebot_answer){.error = -EINVAL};
    va_list args;
    va_start(args, format);
    char *text = onebot_utf8_format(format, args);
    va_end(args);
    if (!text)
        return (struct onebot_answer){.error = -ENOMEM};
    struct onebot_answer answer = ask(letter, text);
    xie_release(text);
    return answer;
}
