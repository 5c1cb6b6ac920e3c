/* mail.c - messages for those who asked.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/mail.h"

void onebot_mail_init(struct onebot_mail *mail)
{
    for (size_t i = 0; i < ONEBOT_MAIL_BUCKETS; i++)
        xie_list_init(&mail->buckets[i]);
    mail->last = 0;
}

static struct xie_link *bucket_of(struct onebot_mail *mail, const struct onebot_person *person)
{
    return &mail->buckets[(onebot_person_mix(person) >> 40) & (ONEBOT_MAIL_BUCKETS - 1)];
}

static void push_front(struct xie_link *head, struct xie_link *link)
{
    xie_list_push(head->next, link); /* before the first is after the head */
}

void onebot_mail_open(struct onebot_mail *mail, struct onebot_mailbox *box,
                      const struct onebot_person *person)
{
    *box = (struct onebot_mailbox){.person = *person, .since = mail->last};
    xie_list_init(&box->mine);
    xie_list_init(&box->questions);
    xie_list_init(&box->letters);
    push_front(bucket_of(mail, person), &box->link);
}

void onebot_mail_close(struct onebot_mailbox *box)
{
    xie_list_remove(&box->link);
}

/* --- questions ---------------------------------------------------------------------- */

static bool wants(const struct onebot_question *question, const struct onebot_letter *letter)
{
    return !question->filter || question->filter(&letter->event, question->arg);
}

static void resolve(struct onebot_question *question, struct onebot_letter *letter)
{
    question->letter = letter;
    xie_future_resolve(&question->done, NULL);
}

void onebot_mail_ask(struct onebot_mail *mail, struct onebot_mailbox *box,
                     struct onebot_question *question, struct xie_link *refused)
{
    struct onebot_letter *kept;
    question->letter = NULL;
    question->done = (struct xie_future){0};
    xie_list_init(&question->link);
    xie_list_remove(&box->link);
    push_front(bucket_of(mail, &box->person), &box->link);
    while ((kept = onebot_mail_take(box))) {
        if (wants(question, kept)) {
            resolve(question, kept);
            return;
        }
        kept->refused = box;
        xie_list_push(refused, &kept->link);
    }
    push_front(&box->questions, &question->link);
}

void onebot_mail_unask(struct onebot_mailbox *box, struct onebot_question *question)
{
    xie_list_remove(&question->link);
    if (!question->letter)
        return;
    push_front(&box->letters, &question->letter->link);
    box->count++;
    question->letter = NULL;
}

/* The latest question to person that wants the letter; NULL: none. */
static struct onebot_question *find_question(struct onebot_mail *mail,
                                             const struct onebot_person *person,
                                             const struct onebot_letter *letter)
{
    struct xie_link *bucket = bucket_of(mail, person);
    for (struct xie_link *at = bucket->next; at != bucket; at = at->next) {
        struct onebot_mailbox *box = XIE_CONTAINER(at, struct onebot_mailbox, link);
        if (!onebot_person_same(&box->person, person))
            continue;
        for (struct xie_link *q = box->questions.next; q != &box->questions; q = q->next) {
            struct onebot_question *question = XIE_CONTAINER(q, struct onebot_question, link);
            if (wants(question, letter))
                return question;
        }
    }
    return NULL;
}

static struct onebot_person anybody_of(const struct onebot_letter *letter)
{
    return (struct onebot_person){letter->person.self_id, letter->person.group_id, 0};
}

bool onebot_mail_answer(struct onebot_mail *mail, struct onebot_letter *letter)
{
    struct onebot_person anybody = anybody_of(letter);
    struct onebot_question *question = find_question(mail, &letter->person, letter);
    if (!question && anybody.group_id)
        question = find_question(mail, &anybody, letter);
    if (!question)
        return false;
    xie_list_remove(&question->link);
    resolve(question, letter);
    return true;
}

/* --- between questions -------------------------------------------------------------- */

static struct onebot_mailbox *find_box(struct onebot_mail *mail, const struct onebot_person *person,
                                       const struct onebot_letter *letter)
{
    struct xie_link *bucket = bucket_of(mail, person);
    for (struct xie_link *at = bucket->next; at != bucket; at = at->next) {
        struct onebot_mailbox *box = XIE_CONTAINER(at, struct onebot_mailbox, link);
        if (onebot_person_same(&box->person, person) && box->count < ONEBOT_MAILBOX &&
            xie_list_empty(&box->questions) && box != letter->refused &&
            letter->number > box->since)
            return box;
    }
    return NULL;
}

static struct onebot_mailbox *listener(struct onebot_mail *mail, const struct onebot_letter *letter)
{
    struct onebot_person anybody = anybody_of(letter);
    struct onebot_mailbox *box = find_box(mail, &letter->person, letter);
    return box || !anybody.group_id ? box : find_box(mail, &anybody, letter);
}

bool onebot_mail_listens(struct onebot_mail *mail, const struct onebot_letter *letter)
{
    return listener(mail, letter) != NULL;
}

bool onebot_mail_keep(struct onebot_mail *mail, struct onebot_letter *letter)
{
    struct onebot_mailbox *box = listener(mail, letter);
    if (!box)
        return false;
    letter->refused = NULL;
    xie_list_push(&box->letters, &letter->link);
    box->count++;
    return true;
}

struct onebot_letter *onebot_mail_take(struct onebot_mailbox *box)
{
    if (!box->count)
        return NULL;
    struct xie_link *first = box->letters.next;
    xie_list_remove(first);
    box->count--;
    return XIE_CONTAINER(first, struct onebot_letter, link);
}
