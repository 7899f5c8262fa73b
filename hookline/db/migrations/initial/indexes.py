"""Every index beside the primary keys, with the query that it serves. One text for both engines."""

# No index has `lease_token` in it, as a column or in its condition: PostgreSQL's HOT asks whether a
# column of any index changed, and with one no claim was HOT (0 of 2,000; 29 instead of 15 pages and
# 979 instead of 468 bytes of WAL per row; 2026-11-26).
ENGINE = (
    # claim, sweep, backlog: the one due index (a second one on next_attempt_at made the planner
    # leave it: 0.76 -> 14 ms a claim). A lease changes neither column nor predicate.
    "create index delivery_due on delivery (webhook_id, next_attempt_at) where status = 0",
    # claim of what somebody asked for by hand
    "create index delivery_manual on delivery (webhook_id) where manual_at is not null",
    # deliveries of an event, and how many a duplicate publish answers
    "create index delivery_event on delivery (event_id)",
    # one row per attempt however often it is recorded; attempts of a delivery
    "create unique index attempt_number on attempt (delivery_id, number)",
    # forgetting keys, without reading those that are in force
    "create index idempotency_expiry on idempotency (expires_at)",
    # minutes that are old enough to become hours, hours that are old enough to go
    "create index webhook_stat_age on webhook_stat (step, at)",
    # mails to send now
    "create index email_pending on email (next_try_at) where status < 3",
    # what waits for a mailbox, which is one whatever the case of its address
    "create index email_mailbox on email (lower(address), status, next_try_at) where status < 3",
    # mailboxes of which nothing is to be remembered any more
    "create index mailbox_age on mailbox (touched_at) where refused_at is null",
    # how many a workspace has asked lately
    "create index mail_consent_asked on mail_consent (workspace_id, asked_at)",
    # questions that nobody answered for long
    "create index mail_consent_age on mail_consent (asked_at) where confirmed_at is null",
    # failed deliveries that wait for the next hour's notification
    "create index webhook_exhausted on webhook (exhausted_notified_at) where exhausted_count > 0",
    # times in which a webhook was off that are old enough to go
    "create index webhook_pause_age on webhook_pause (ended_at) where ended_at is not null",
    # listeners whose lease has ended; null in every other row, so that records stay HOT
    "create index webhook_listener on webhook (listener_expires_at) "
    "where listener_expires_at is not null and deleted_at is null",
    # requests that a listener has not answered
    "create index listener_request_open on listener_request (webhook_id, id) where answer is null",
    # jobs to go on with now
    "create index job_open on job (run_at) where status < 2",
)

KEYS = (
    # a slug names one webhook that is not deleted: webhookBySlug, create, sync
    "create unique index webhook_slug on webhook (workspace_id, slug) where deleted_at is null",
    # authentication
    "create unique index token_digest on token (digest)",
    # the page behind the link of a confirmation mail
    "create unique index mail_consent_token on mail_consent (token_digest)",
    # a name stands for one living token in the audit log
    "create unique index token_name on token (workspace_id, name_key) where name_key is not null",
    "create unique index sync_set_name on sync_set (workspace_id, name)",
    # one row of a path, however many servers follow it
    "create unique index sync_source_path on sync_source (workspace_id, path)",
    "create unique index sync_revision_number on sync_revision (set_id, number)",
    # a retried apply finds its revision
    "create unique index sync_revision_key on sync_revision (set_id, idempotency_key) "
    "where idempotency_key is not null",
    # the receipts of a notification; a mail per address however often it is told
    "create unique index email_receipt on email (notification_id, address)",
    "create unique index event_type_name on event_type (workspace_id, name)",
)

# Lists by what people ask for, newest first (webhooks: by name). The hot path pays 0.011 CPU s of
# PostgreSQL per 1,000 deliveries for those with a filter. Those of deliveries by type and
# environment leave open ones out: an index of all rows is written again when a delivery ends, which
# cost as much as all of these together (2026-11-27). The workspace never comes first in an index of
# all rows: SQLite would take that for a reason to read the whole workspace (0.6 s at a million).
LISTS = (
    "create index webhook_list on webhook (workspace_id, name, id)",
    "create index delivery_list on delivery (webhook_id, id)",
    "create index event_list on event (workspace_id, id)",
    "create index attempt_list on attempt (webhook_id, id)",
    "create index notification_list on notification (workspace_id, id)",
    "create index notification_webhook on notification (webhook_id, id)",
    "create index audit_list on audit_entry (workspace_id, id)",
    "create index job_list on job (workspace_id, id)",
    "create index audit_subject on audit_entry (subject_id, id)",
    "create index event_type_list on event (type, workspace_id, id)",
    "create index event_environment on event (environment, workspace_id, id)",
    "create index delivery_open on delivery (workspace_id, id) where status = 0",
    "create index delivery_type on delivery (event_type, workspace_id, id) where status > 0",
    "create index delivery_environment on delivery (environment, workspace_id, id) "
    "where status > 0",
    "create index delivery_failed on delivery (workspace_id, id) where status > 2",
    "create index delivery_webhook_failed on delivery (webhook_id, id) where status > 2",
    "create index attempt_type on attempt (event_type, workspace_id, id)",
    "create index attempt_environment on attempt (environment, workspace_id, id)",
    "create index attempt_failed on attempt (workspace_id, id) where outcome > 2",
    "create index attempt_webhook_failed on attempt (webhook_id, id) where outcome > 2",
    # of the answers that are none of 2xx
    "create index attempt_class on attempt ((status_code / 100), workspace_id, id) "
    "where outcome > 2",
)

INDEXES = ENGINE + KEYS + LISTS
