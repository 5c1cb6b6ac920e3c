/* mail.c - messages for those who asked.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/mail.h"

#include <string.h>

void onebot_mail_init(struct onebot_mail *mail)
{
    for (size_t i = 0; i < ONEBOT_MAIL_BUCKETS; i++)
        xie_list_init(&mail->buckets[i]);
}

/* Multiplicative: neighbouring account numbers spread. */
static struct xie_link *bucket_of(struct onebot_mail *mail, const struct onebot_person *person)
{
    uint64_t mix = (uint64_t)person->user_id * UINT64_C(0x9E3779B97F4A7C15);
    mix = (mix ^ (uint64_t)person->group_id) * UINT64_C(0x9E3779B97F4A7C15);
    mix = (mix ^ (uint64_t)person->self_id) * UINT64_C(0x9E3779B97F4A7C15);
    return &mail->buckets[mix >> 54];
}

static bool same(const struct onebot_person *a, const struct onebot_person *b)
{
    return a->user_id == b->user_id && a->group_id == b->group_id && a->self_id == b->self_id;
}

static void push_front(struct xie_link *head, struct xie_link *link)
{
    xie_list_push(head->next, link); /* before the first is after the head */
}

static void open_box(struct onebot_mail *mail, struct onebot_mailbox *box,
                     const struct onebot_person *person)
{
    if (!box->open) {
        box->open = true;
        box->person = *person;
        xie_list_init(&box->link);
        xie_list_init(&box->questions);
        xie_list_init(&box->letters);
    }
    xie_list_remove(&box->link);
    push_front(bucket_of(mail, person), &box->link);
}

static void resolve(struct onebot_question *question, struct onebot_letter *letter)
{
    question->letter = letter;
    xie_future_resolve(&question->done, NULL);
}

void onebot_mail_ask(struct onebot_mail *mail, struct onebot_mailbox *box,
                     const struct onebot_person *person, struct onebot_question *question)
{
    memset(question, 0, sizeof *question);
    xie_list_init(&question->link);
    open_box(mail, box, person);
    struct onebot_letter *kept = onebot_mail_take(box);
    if (kept)
        resolve(question, kept);
    else
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

bool onebot_mail_answer(struct onebot_mail *mail, struct onebot_letter *letter)
{
    struct xie_link *bucket = bucket_of(mail, &letter->person);
    for (struct xie_link *at = bucket->next; at != bucket; at = at->next) {
        struct onebot_mailbox *box = XIE_CONTAINER(at, struct onebot_mailbox, link);
        if (!same(&box->person, &letter->person) || xie_list_empty(&box->questions))
            continue;
        struct onebot_question *question =
            XIE_CONTAINER(box->questions.next, struct onebot_question, link);
        xie_list_remove(&question->link);
        resolve(question, letter);
        return true;
    }
    return false;
}

bool onebot_mail_keep(struct onebot_mail *mail, struct onebot_letter *letter)
{
    struct xie_link *bucket = bucket_of(mail, &letter->person);
    for (struct xie_link *at = bucket->next; at != bucket; at = at->next) {
        struct onebot_mailbox *box = XIE_CONTAINER(at, struct onebot_mailbox, link);
        if (!same(&box->person, &letter->person) || box->count >= ONEBOT_MAILBOX)
            continue;
        xie_list_push(&box->letters, &letter->link);
        box->count++;
        return true;
    }
    return false;
}

void onebot_mail_close(struct onebot_mailbox *box)
{
    if (box->open)
        xie_list_remove(&box->link);
    box->open = false;
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
