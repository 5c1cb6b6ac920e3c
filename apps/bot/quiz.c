/* quiz.c - /quiz: a question, the same person's next message, a deadline around both. The question
 * waits on when the program starts again, where there is a store. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <strings.h>
#include <xie.h>

#include "commands.h"

static const struct {
    const char *question, *answer;
} quiz[] = {
    {"How many bits are in a byte?", "8"},
    {"Which signal cannot be caught, blocked or ignored, and is not SIGSTOP?", "SIGKILL"},
    {"What is 6 times 7?", "42"},
    {"Which port does HTTP use unless it is told another?", "80"},
    {"In which year did the Unix clock begin?", "1970"},
};

int on_quiz(struct onebot_event *event)
{
    onebot_keep(event);
    size_t pick = (size_t)xie_now() / 1000 % (sizeof quiz / sizeof *quiz);
    struct onebot_result kept = onebot_keep_value(event, "I", (json_int_t)pick); /* at random */
    if (kept.error)
        return kept.error;
    pick = (size_t)json_integer_value(kept.data);
    json_decref(kept.data);
    const char *right = quiz[pick].answer;
    struct onebot_answer answer = {.error = -ETIMEDOUT};

    XIE_TIMEOUT(30 * XIE_SECOND)
        answer = onebot_ask_for(event, &(struct onebot_query){.type = ONEBOT_REST},
                                "%s You have 30 seconds.", quiz[pick].question);

    if (answer.error == -ETIMEDOUT)
        return onebot_reply(event, "Time is up. It is %s.", right);
    if (answer.error)
        return answer.error;
    if (strcasecmp(answer.text, right) == 0)
        return onebot_reply(event, "Right!");
    return onebot_reply(event, "Wrong. It is %s.", right);
}
