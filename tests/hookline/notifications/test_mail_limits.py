"""The rule that says when a mail may go out: pure, with times of the test's own."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from hookline.notifications.mail_limits import (
    DAY,
    HOUR,
    MAILS_A_DAY,
    QUESTION,
    MailTry,
    day_free_at,
    hour_free_at,
    mailbox_of,
    question_free_at,
    read_tries,
    subject_of,
    without_latest,
    write_tries,
)

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
WORKSPACE, WEBHOOK = uuid4(), uuid4()
SUBJECT = subject_of(WEBHOOK, WORKSPACE, 1)


def tried(ago: timedelta, *about: str, key: UUID | None = None) -> MailTry:
    return MailTry(NOW - ago, key or uuid4(), WORKSPACE, frozenset(about))


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("Ops@Example.COM", "ops@example.com"),
        ("ops+a+b@example.com", "ops@example.com"),
        ("+a@example.com", "+a@example.com"),
        ("a.b@example.com", "a.b@example.com"),
        ("A.B+c@GoogleMail.com", "ab@gmail.com"),
    ],
)
def test_a_mailbox_is_one_in_any_spelling(address: str, mailbox: str) -> None:
    assert mailbox_of(address) == mailbox


def test_the_same_subject_is_free_an_hour_after_its_latest_mail() -> None:
    tries = [tried(timedelta(minutes=50), SUBJECT), tried(timedelta(minutes=20), SUBJECT)]
    assert hour_free_at(tries, SUBJECT, NOW) == NOW + timedelta(minutes=40)
    assert hour_free_at(tries, subject_of(WEBHOOK, WORKSPACE, 2), NOW) is None
    assert hour_free_at(tries, subject_of(uuid4(), WORKSPACE, 1), NOW) is None
    assert hour_free_at([tried(HOUR, SUBJECT)], SUBJECT, NOW) is None


def test_a_sync_has_one_subject_for_its_workspace() -> None:
    assert subject_of(None, WORKSPACE, 5) == subject_of(None, WORKSPACE, 5)
    assert subject_of(None, WORKSPACE, 5) != subject_of(None, uuid4(), 5)


def test_the_day_is_free_when_the_oldest_of_twenty_leaves_it() -> None:
    tries = [tried(timedelta(hours=one)) for one in range(MAILS_A_DAY)]
    assert day_free_at(tries[1:]) is None
    assert day_free_at(tries) == NOW - timedelta(hours=MAILS_A_DAY - 1) + DAY


def test_a_mailbox_is_asked_once_a_day() -> None:
    asked = tried(timedelta(hours=5), QUESTION)
    assert question_free_at([tried(HOUR, SUBJECT)]) is None
    assert question_free_at([asked, tried(HOUR, SUBJECT)]) == asked.at + DAY


def test_tries_are_read_as_they_were_written() -> None:
    tries = [tried(timedelta(minutes=5), SUBJECT, "b"), tried(timedelta(minutes=4))]
    assert read_tries(write_tries(tries, NOW), NOW) == tries


def test_what_is_older_than_a_day_and_subjects_older_than_an_hour_are_forgotten() -> None:
    tries = [tried(DAY), tried(HOUR, SUBJECT), tried(HOUR, QUESTION)]
    read = read_tries(write_tries(tries, NOW), NOW)
    assert [one.about for one in read] == [frozenset(), frozenset({QUESTION})]


def test_a_clock_that_was_set_back_holds_mails_for_a_day_at_the_most() -> None:
    tries = [tried(-timedelta(days=400), SUBJECT) for _ in range(MAILS_A_DAY)]
    read = read_tries(write_tries(tries, NOW), NOW)
    assert day_free_at(read) == NOW + DAY
    assert hour_free_at(read, SUBJECT, NOW) == NOW + HOUR


def test_only_the_latest_try_of_a_receipt_is_taken_back() -> None:
    key = uuid4()
    first, other, latest = tried(HOUR, key=key), tried(HOUR), tried(HOUR / 2, key=key)
    assert without_latest([first, other, latest], key) == [first, other]
    assert without_latest([other], key) == [other]
