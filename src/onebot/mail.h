/* mail.h - messages for those who asked.
 * Floor 9. A mailbox per handler that asks; open from its first question to its end. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_MAIL_H
#define XIE_ONEBOT_MAIL_H

#include <xie/future.h>

#include "onebot/event.h"

enum { ONEBOT_MAIL_BUCKETS = 1024 };

/* Every open mailbox, by person. */
struct onebot_mail {
    struct xie_link buckets[ONEBOT_MAIL_BUCKETS];
};

/* One handler's. Zero is a valid one that was never opened. */
struct onebot_mailbox {
    struct xie_link link; /* in its bucket; the latest to ask comes first */
    struct onebot_person person;
    struct xie_link questions; /* that wait, the latest first */
    struct xie_link letters;   /* kept for the next question, oldest first */
    size_t count;              /* length of letters */
    bool open;
};

/* One question that waits, in the asker's frame. */
struct onebot_question {
    struct xie_link link;
    struct onebot_letter *letter; /* the answer, once done */
    struct xie_future done;
};

void onebot_mail_init(struct onebot_mail *mail);

/* Listen from now on: opens the mailbox if it is not, and is first to get the person's next
 * message. A letter kept from before is the answer at once. */
void onebot_mail_ask(struct onebot_mail *mail, struct onebot_mailbox *box,
                     const struct onebot_person *person, struct onebot_question *question);
/* The question no longer waits. An answer that was not taken (letter not NULL) goes back to
 * be the next one's. */
void onebot_mail_unask(struct onebot_mailbox *box, struct onebot_question *question);

/* Give a message to the latest question to its sender; false: there is none. */
bool onebot_mail_answer(struct onebot_mail *mail, struct onebot_letter *letter);
/* Keep a message for a next question; false: nobody listens, or there are ONEBOT_MAILBOX. */
bool onebot_mail_keep(struct onebot_mail *mail, struct onebot_letter *letter);

/* Listen no longer. The letters left are the caller's. No question may wait. */
void onebot_mail_close(struct onebot_mailbox *box);
/* The oldest letter kept, taken out; NULL: none. */
struct onebot_letter *onebot_mail_take(struct onebot_mailbox *box);

#endif
