/* mail.h - messages for those who asked.
 * Floor 9. A mailbox for each person or place that a handler asks; open from the first question
 * there to the handler's end. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_MAIL_H
#define XIE_ONEBOT_MAIL_H

#include <xie/future.h>

#include "onebot/event.h"

enum { ONEBOT_MAIL_BUCKETS = 4096 };

/* Every open mailbox, by person. */
struct onebot_mail {
    struct xie_link buckets[ONEBOT_MAIL_BUCKETS];
    uint64_t last; /* number of the event that came last */
};

/* One handler's, for one person, or (user_id 0) for anybody in a group. */
struct onebot_mailbox {
    struct xie_link link; /* in its bucket; the latest to ask comes first */
    struct xie_link mine; /* among its handler's */
    struct onebot_person person;
    uint64_t since;            /* events up to this one came before it: it does not hear them */
    struct xie_link questions; /* that wait, the latest first */
    struct xie_link letters;   /* kept for the next question, oldest first */
    size_t count;              /* length of letters */
};

/* One question that waits, in the asker's frame. */
struct onebot_question {
    struct xie_link link;
    bool (*filter)(const struct onebot_event *message, void *arg); /* NULL: any message */
    void *arg;
    struct onebot_letter *letter; /* the answer, once done */
    struct xie_future done;
};

void onebot_mail_init(struct onebot_mail *mail);

/* Listen from now on; box is the caller's memory, uninitialised. */
void onebot_mail_open(struct onebot_mail *mail, struct onebot_mailbox *box,
                      const struct onebot_person *person);
/* Listen no longer. The letters left are the caller's. No question may wait. */
void onebot_mail_close(struct onebot_mailbox *box);

/* Be first to get the next message there. A letter kept from before is the answer at once; those
 * before it that the filter refuses are moved to `refused`. question has its filter; the rest of
 * it is uninitialised. */
void onebot_mail_ask(struct onebot_mail *mail, struct onebot_mailbox *box,
                     struct onebot_question *question, struct xie_link *refused);
/* The question no longer waits. An answer that was not taken (letter not NULL) goes back to
 * be the next one's. */
void onebot_mail_unask(struct onebot_mailbox *box, struct onebot_question *question);

/* Give a message to the latest question to its sender, or else to the latest to anybody there;
 * false: there is none that wants it. */
bool onebot_mail_answer(struct onebot_mail *mail, struct onebot_letter *letter);
/* Would onebot_mail_keep keep it? */
bool onebot_mail_listens(struct onebot_mail *mail, const struct onebot_letter *letter);
/* Keep a message for a next question; false: nobody listens, or there are ONEBOT_MAILBOX. Who has
 * a question open that refused it does not listen, nor who began to when it had come. */
bool onebot_mail_keep(struct onebot_mail *mail, struct onebot_letter *letter);

/* The oldest letter kept, taken out; NULL: none. */
struct onebot_letter *onebot_mail_take(struct onebot_mailbox *box);

#endif
