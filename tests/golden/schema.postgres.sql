column activity.kind smallint not null
column activity.position bigint not null
column activity.subject_id uuid not null
column activity.webhook_id uuid
column activity.workspace_id uuid not null
column attempt.cause smallint not null
column attempt.delivery_id uuid not null
column attempt.duration_ms integer
column attempt.environment text not null
column attempt.error_code text
column attempt.error_message text
column attempt.event_id uuid not null
column attempt.event_type text not null
column attempt.id uuid not null
column attempt.next_attempt_at timestamp with time zone
column attempt.number integer not null
column attempt.outcome smallint not null
column attempt.request_headers text
column attempt.request_url text
column attempt.response_body bytea
column attempt.response_headers text
column attempt.response_truncated boolean not null
column attempt.started_at timestamp with time zone not null
column attempt.status_code smallint
column attempt.webhook_id uuid not null
column attempt.workspace_id uuid not null
column audit_entry.action text not null
column audit_entry.actor text not null
column audit_entry.actor_name text not null
column audit_entry.after text
column audit_entry.at timestamp with time zone not null
column audit_entry.before text
column audit_entry.id uuid not null
column audit_entry.request_id text
column audit_entry.subject_id uuid
column audit_entry.subject_prefix text
column audit_entry.workspace_id uuid not null
column delivery.attempt_count integer not null
column delivery.created_at timestamp with time zone not null
column delivery.environment text not null
column delivery.event_id uuid not null
column delivery.event_type text not null
column delivery.finished_at timestamp with time zone
column delivery.id uuid not null
column delivery.lease_token uuid
column delivery.manual_at timestamp with time zone
column delivery.next_attempt_at timestamp with time zone not null
column delivery.next_cause smallint
column delivery.schedule_step integer not null
column delivery.status smallint not null
column delivery.webhook_id uuid not null
column delivery.workspace_id uuid not null
column delivery_body.body bytea not null
column delivery_body.delivery_id uuid not null
column email.address text not null
column email.error text
column email.finished_at timestamp with time zone
column email.id uuid not null
column email.next_try_at timestamp with time zone not null
column email.notification_id uuid not null
column email.sent_with_id uuid
column email.status smallint not null
column email.tries integer not null
column email.workspace_id uuid not null
column event.data text
column event.environment text not null
column event.id uuid not null
column event.idempotency_key text
column event.is_test boolean not null default false
column event.occurred_at timestamp with time zone not null
column event.received_at timestamp with time zone not null
column event.type text not null
column event.workspace_id uuid not null
column event_type.created_at timestamp with time zone not null
column event_type.description text
column event_type.id uuid not null
column event_type.is_strict boolean not null
column event_type.modified_at timestamp with time zone not null
column event_type.name text not null
column event_type.sample text
column event_type.schema text
column event_type.workspace_id uuid not null
column idempotency.event_id uuid not null
column idempotency.expires_at timestamp with time zone not null
column idempotency.fingerprint bytea not null
column idempotency.key text not null
column idempotency.workspace_id uuid not null
column job.actor text not null
column job.created_at timestamp with time zone not null
column job.done integer not null
column job.error text
column job.finished_at timestamp with time zone
column job.id uuid not null
column job.kind text not null
column job.position text
column job.run_at timestamp with time zone not null
column job.status smallint not null
column job.total integer
column job.work text not null
column job.workspace_id uuid not null
column listener_request.answer text
column listener_request.answer_body bytea
column listener_request.body bytea not null
column listener_request.created_at timestamp with time zone not null
column listener_request.delivery_id uuid not null
column listener_request.headers text not null
column listener_request.id uuid not null
column listener_request.timeout_ms integer not null
column listener_request.webhook_id uuid not null
column mail_consent.address text not null
column mail_consent.ask_again_at timestamp with time zone not null
column mail_consent.asked_at timestamp with time zone not null
column mail_consent.asks integer not null
column mail_consent.confirmed_at timestamp with time zone
column mail_consent.expires_at timestamp with time zone not null
column mail_consent.token_digest bytea not null
column mail_consent.workspace_id uuid not null
column mailbox.address text not null
column mailbox.refused_at timestamp with time zone
column mailbox.touched_at timestamp with time zone not null
column mailbox.tries text not null
column notification.backlog integer
column notification.created_at timestamp with time zone not null
column notification.failing_since timestamp with time zone
column notification.failures integer
column notification.id uuid not null
column notification.kind smallint not null
column notification.last_status_code smallint
column notification.reason text
column notification.sync_revision integer
column notification.sync_set text
column notification.webhook_id uuid
column notification.workspace_id uuid not null
column pump.beat_at timestamp with time zone not null
column pump.on_wire text not null default ''::text
column pump.process text not null
column pump.token uuid not null
column retention.name text not null
column retention.position uuid not null
column sync_event.code text
column sync_event.created_at timestamp with time zone not null
column sync_event.file text
column sync_event.id uuid not null
column sync_event.kind smallint not null
column sync_event.line integer
column sync_event.message text not null
column sync_event.set_name text
column sync_event.slug text
column sync_event.workspace_id uuid not null
column sync_revision.actor text not null
column sync_revision.applied_at timestamp with time zone not null
column sync_revision.author text
column sync_revision.branch text
column sync_revision.changes text not null
column sync_revision.commit text
column sync_revision.created integer not null
column sync_revision.deleted integer not null
column sync_revision.digest text not null
column sync_revision.disabled integer not null
column sync_revision.id uuid not null
column sync_revision.idempotency_key text
column sync_revision.is_dirty boolean
column sync_revision.message text
column sync_revision.moved integer not null
column sync_revision.number integer not null
column sync_revision.policy text
column sync_revision.repository text
column sync_revision.restores integer
column sync_revision.run_url text
column sync_revision.set_id uuid not null
column sync_revision.snapshot text not null
column sync_revision.updated integer not null
column sync_revision.workspace_id uuid not null
column sync_set.commit text
column sync_set.committed_at timestamp with time zone
column sync_set.id uuid not null
column sync_set.last_applied_at timestamp with time zone
column sync_set.name character varying(63) not null
column sync_set.policy text
column sync_set.receipt text
column sync_set.receipt_versions bigint
column sync_set.receipt_webhooks integer
column sync_set.revision_number integer not null
column sync_set.source text
column sync_set.workspace_id uuid not null
column sync_source.applied_at timestamp with time zone
column sync_source.checked_at timestamp with time zone
column sync_source.commit text
column sync_source.degraded_at timestamp with time zone
column sync_source.drift_count integer not null
column sync_source.id uuid not null
column sync_source.interval_seconds double precision not null
column sync_source.leader uuid
column sync_source.leased_until timestamp with time zone not null
column sync_source.path text not null
column sync_source.problem text
column sync_source.set_name text
column sync_source.workspace_id uuid not null
column token.created_at timestamp with time zone not null
column token.digest bytea not null
column token.expires_at timestamp with time zone
column token.id uuid not null
column token.last_four character varying(4) not null
column token.last_used_at timestamp with time zone
column token.name character varying(100) not null
column token.name_key text
column token.revoked_at timestamp with time zone
column token.scopes text not null
column token.workspace_id uuid not null
column tortoise_migrations.app character varying(255) not null
column tortoise_migrations.applied_at timestamp with time zone not null
column tortoise_migrations.id integer not null default nextval('tortoise_migrations_id_seq'::regclass)
column tortoise_migrations.name character varying(255) not null
column vault_key.name text not null
column vault_key.sealed text not null
column webhook.auto_disable_failures integer default 10
column webhook.auto_disable_seconds integer not null default 172800
column webhook.auto_disabled_at timestamp with time zone
column webhook.auto_disabled_reason text
column webhook.basic_auth_sealed text
column webhook.basic_auth_username text
column webhook.concurrency integer not null
column webhook.consecutive_failures integer not null
column webhook.consecutive_gone integer not null default 0
column webhook.created_at timestamp with time zone not null
column webhook.created_by text not null
column webhook.deleted_at timestamp with time zone
column webhook.description text
column webhook.environments text not null
column webhook.event_filter text
column webhook.events text not null
column webhook.exhausted_count integer not null default 0
column webhook.exhausted_notified_at timestamp with time zone
column webhook.failing_since timestamp with time zone
column webhook.headers text not null
column webhook.id uuid not null
column webhook.is_active boolean not null
column webhook.labels text not null
column webhook.last_attempt_at timestamp with time zone
column webhook.last_status_code smallint
column webhook.last_success_at timestamp with time zone
column webhook.listener_expires_at timestamp with time zone
column webhook.modified_at timestamp with time zone not null
column webhook.modified_by text not null
column webhook.name character varying(100) not null
column webhook.notification_emails text not null default '\n'::text
column webhook.notify_on text not null default '\nAUTO_DISABLED\n'::text
column webhook.paced_until timestamp with time zone
column webhook.payload_content_type text not null default 'application/json'::text
column webhook.payload_template text
column webhook.rate_per_minute integer
column webhook.retry_schedule text not null
column webhook.secret_header_name text
column webhook.secret_header_sealed text
column webhook.signing_secrets text not null
column webhook.slug character varying(63) not null
column webhook.sync_applied text
column webhook.sync_commit text
column webhook.sync_file text
column webhook.sync_ignored text
column webhook.sync_line integer
column webhook.sync_removed_at timestamp with time zone
column webhook.sync_set character varying(63)
column webhook.sync_version integer
column webhook.timeout_ms integer not null
column webhook.url text not null
column webhook.version integer not null
column webhook.warned_at timestamp with time zone
column webhook.workspace_id uuid not null
column webhook_pause.actor text not null
column webhook_pause.began_at timestamp with time zone not null
column webhook_pause.cause text not null
column webhook_pause.ended_at timestamp with time zone
column webhook_pause.environments text not null
column webhook_pause.event_filter text
column webhook_pause.events text not null
column webhook_pause.first integer not null
column webhook_pause.number integer not null
column webhook_pause.off_at timestamp with time zone not null
column webhook_pause.on_at timestamp with time zone
column webhook_pause.webhook_id uuid not null
column webhook_pause.workspace_id uuid not null
column webhook_stat.at timestamp with time zone not null
column webhook_stat.attempts integer not null
column webhook_stat.bucket smallint not null
column webhook_stat.failures integer not null
column webhook_stat.step integer not null
column webhook_stat.webhook_id uuid not null
column workspace.created_at timestamp with time zone not null
column workspace.id uuid not null
column workspace.match_version bigint not null
column workspace.name character varying(100) not null
column workspace.slug character varying(63) not null
column workspace.strict_event_types boolean not null default false
column workspace_activity.position bigint not null
column workspace_activity.workspace_id uuid not null
constraint activity PRIMARY KEY (workspace_id, "position")
constraint attempt PRIMARY KEY (id)
constraint audit_entry PRIMARY KEY (id)
constraint delivery PRIMARY KEY (id)
constraint delivery_body PRIMARY KEY (delivery_id)
constraint email PRIMARY KEY (id)
constraint event PRIMARY KEY (id)
constraint event_type PRIMARY KEY (id)
constraint idempotency PRIMARY KEY (workspace_id, key)
constraint job PRIMARY KEY (id)
constraint listener_request PRIMARY KEY (id)
constraint mail_consent PRIMARY KEY (address, workspace_id)
constraint mailbox PRIMARY KEY (address)
constraint notification PRIMARY KEY (id)
constraint pump PRIMARY KEY (token)
constraint retention PRIMARY KEY (name)
constraint sync_event PRIMARY KEY (id)
constraint sync_revision PRIMARY KEY (id)
constraint sync_set PRIMARY KEY (id)
constraint sync_source PRIMARY KEY (id)
constraint token PRIMARY KEY (id)
constraint tortoise_migrations PRIMARY KEY (id)
constraint tortoise_migrations UNIQUE (app, name)
constraint vault_key PRIMARY KEY (name)
constraint webhook PRIMARY KEY (id)
constraint webhook_pause PRIMARY KEY (workspace_id, webhook_id, number)
constraint webhook_stat PRIMARY KEY (webhook_id, step, at, bucket)
constraint workspace PRIMARY KEY (id)
constraint workspace_activity PRIMARY KEY (workspace_id)
index CREATE INDEX attempt_class ON public.attempt USING btree (((status_code / 100)), workspace_id, id) WHERE (outcome > 2)
index CREATE INDEX attempt_environment ON public.attempt USING btree (environment, workspace_id, id)
index CREATE INDEX attempt_failed ON public.attempt USING btree (workspace_id, id) WHERE (outcome > 2)
index CREATE INDEX attempt_list ON public.attempt USING btree (webhook_id, id)
index CREATE INDEX attempt_type ON public.attempt USING btree (event_type, workspace_id, id)
index CREATE INDEX attempt_webhook_failed ON public.attempt USING btree (webhook_id, id) WHERE (outcome > 2)
index CREATE INDEX audit_list ON public.audit_entry USING btree (workspace_id, id)
index CREATE INDEX audit_subject ON public.audit_entry USING btree (subject_id, id)
index CREATE INDEX delivery_due ON public.delivery USING btree (webhook_id, next_attempt_at) WHERE (status = 0)
index CREATE INDEX delivery_environment ON public.delivery USING btree (environment, workspace_id, id) WHERE (status > 0)
index CREATE INDEX delivery_event ON public.delivery USING btree (event_id)
index CREATE INDEX delivery_failed ON public.delivery USING btree (workspace_id, id) WHERE (status > 2)
index CREATE INDEX delivery_list ON public.delivery USING btree (webhook_id, id)
index CREATE INDEX delivery_manual ON public.delivery USING btree (webhook_id) WHERE (manual_at IS NOT NULL)
index CREATE INDEX delivery_open ON public.delivery USING btree (workspace_id, id) WHERE (status = 0)
index CREATE INDEX delivery_type ON public.delivery USING btree (event_type, workspace_id, id) WHERE (status > 0)
index CREATE INDEX delivery_webhook_failed ON public.delivery USING btree (webhook_id, id) WHERE (status > 2)
index CREATE INDEX email_mailbox ON public.email USING btree (lower(address), status, next_try_at) WHERE (status < 3)
index CREATE INDEX email_pending ON public.email USING btree (next_try_at) WHERE (status < 3)
index CREATE INDEX event_environment ON public.event USING btree (environment, workspace_id, id)
index CREATE INDEX event_list ON public.event USING btree (workspace_id, id)
index CREATE INDEX event_type_list ON public.event USING btree (type, workspace_id, id)
index CREATE INDEX idempotency_expiry ON public.idempotency USING btree (expires_at)
index CREATE INDEX job_list ON public.job USING btree (workspace_id, id)
index CREATE INDEX job_open ON public.job USING btree (run_at) WHERE (status < 2)
index CREATE INDEX listener_request_open ON public.listener_request USING btree (webhook_id, id) WHERE (answer IS NULL)
index CREATE INDEX mail_consent_age ON public.mail_consent USING btree (asked_at) WHERE (confirmed_at IS NULL)
index CREATE INDEX mail_consent_asked ON public.mail_consent USING btree (workspace_id, asked_at)
index CREATE INDEX mailbox_age ON public.mailbox USING btree (touched_at) WHERE (refused_at IS NULL)
index CREATE INDEX notification_list ON public.notification USING btree (workspace_id, id)
index CREATE INDEX notification_webhook ON public.notification USING btree (webhook_id, id)
index CREATE INDEX webhook_exhausted ON public.webhook USING btree (exhausted_notified_at) WHERE (exhausted_count > 0)
index CREATE INDEX webhook_list ON public.webhook USING btree (workspace_id, name, id)
index CREATE INDEX webhook_listener ON public.webhook USING btree (listener_expires_at) WHERE ((listener_expires_at IS NOT NULL) AND (deleted_at IS NULL))
index CREATE INDEX webhook_pause_age ON public.webhook_pause USING btree (ended_at) WHERE (ended_at IS NOT NULL)
index CREATE INDEX webhook_stat_age ON public.webhook_stat USING btree (step, at)
index CREATE UNIQUE INDEX activity_pkey ON public.activity USING btree (workspace_id, "position")
index CREATE UNIQUE INDEX attempt_number ON public.attempt USING btree (delivery_id, number)
index CREATE UNIQUE INDEX attempt_pkey ON public.attempt USING btree (id)
index CREATE UNIQUE INDEX audit_entry_pkey ON public.audit_entry USING btree (id)
index CREATE UNIQUE INDEX delivery_body_pkey ON public.delivery_body USING btree (delivery_id)
index CREATE UNIQUE INDEX delivery_pkey ON public.delivery USING btree (id)
index CREATE UNIQUE INDEX email_pkey ON public.email USING btree (id)
index CREATE UNIQUE INDEX email_receipt ON public.email USING btree (notification_id, address)
index CREATE UNIQUE INDEX event_pkey ON public.event USING btree (id)
index CREATE UNIQUE INDEX event_type_name ON public.event_type USING btree (workspace_id, name)
index CREATE UNIQUE INDEX event_type_pkey ON public.event_type USING btree (id)
index CREATE UNIQUE INDEX idempotency_pkey ON public.idempotency USING btree (workspace_id, key)
index CREATE UNIQUE INDEX job_pkey ON public.job USING btree (id)
index CREATE UNIQUE INDEX listener_request_pkey ON public.listener_request USING btree (id)
index CREATE UNIQUE INDEX mail_consent_pkey ON public.mail_consent USING btree (address, workspace_id)
index CREATE UNIQUE INDEX mail_consent_token ON public.mail_consent USING btree (token_digest)
index CREATE UNIQUE INDEX mailbox_pkey ON public.mailbox USING btree (address)
index CREATE UNIQUE INDEX notification_pkey ON public.notification USING btree (id)
index CREATE UNIQUE INDEX pump_pkey ON public.pump USING btree (token)
index CREATE UNIQUE INDEX retention_pkey ON public.retention USING btree (name)
index CREATE UNIQUE INDEX sync_event_pkey ON public.sync_event USING btree (id)
index CREATE UNIQUE INDEX sync_revision_key ON public.sync_revision USING btree (set_id, idempotency_key) WHERE (idempotency_key IS NOT NULL)
index CREATE UNIQUE INDEX sync_revision_number ON public.sync_revision USING btree (set_id, number)
index CREATE UNIQUE INDEX sync_revision_pkey ON public.sync_revision USING btree (id)
index CREATE UNIQUE INDEX sync_set_name ON public.sync_set USING btree (workspace_id, name)
index CREATE UNIQUE INDEX sync_set_pkey ON public.sync_set USING btree (id)
index CREATE UNIQUE INDEX sync_source_path ON public.sync_source USING btree (workspace_id, path)
index CREATE UNIQUE INDEX sync_source_pkey ON public.sync_source USING btree (id)
index CREATE UNIQUE INDEX token_digest ON public.token USING btree (digest)
index CREATE UNIQUE INDEX token_name ON public.token USING btree (workspace_id, name_key) WHERE (name_key IS NOT NULL)
index CREATE UNIQUE INDEX token_pkey ON public.token USING btree (id)
index CREATE UNIQUE INDEX tortoise_migrations_pkey ON public.tortoise_migrations USING btree (id)
index CREATE UNIQUE INDEX uid_tortoise_mi_app_3803a5 ON public.tortoise_migrations USING btree (app, name)
index CREATE UNIQUE INDEX vault_key_pkey ON public.vault_key USING btree (name)
index CREATE UNIQUE INDEX webhook_pause_pkey ON public.webhook_pause USING btree (workspace_id, webhook_id, number)
index CREATE UNIQUE INDEX webhook_pkey ON public.webhook USING btree (id)
index CREATE UNIQUE INDEX webhook_slug ON public.webhook USING btree (workspace_id, slug) WHERE (deleted_at IS NULL)
index CREATE UNIQUE INDEX webhook_stat_pkey ON public.webhook_stat USING btree (webhook_id, step, at, bucket)
index CREATE UNIQUE INDEX workspace_activity_pkey ON public.workspace_activity USING btree (workspace_id)
index CREATE UNIQUE INDEX workspace_pkey ON public.workspace USING btree (id)
table delivery with (fillfactor=70)
table pump with (fillfactor=10)
table webhook with (fillfactor=50)
table webhook_stat with (fillfactor=50)
table workspace_activity with (fillfactor=10)
CREATE OR REPLACE FUNCTION public.hl_apply_decision(of_webhook uuid, kind smallint, reason text, seen_version integer, since timestamp with time zone)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
declare failed int;
begin
  if kind = 1 then
    update webhook w set auto_disabled_at = now(), warned_at = now(), auto_disabled_reason = reason
      where w.id = of_webhook and w.version = seen_version and w.failing_since = since
        and w.is_active and w.deleted_at is null and w.auto_disabled_at is null
      returning w.consecutive_failures into failed;
    if found then
      insert into audit_entry (id, workspace_id, action, actor, actor_name, at, subject_prefix,
          subject_id, before, after)
        select hl_new_id(), w.workspace_id, 'webhook.autoDisable',
          '{"kind":"SYSTEM","name":"hookline"}', 'hookline', now(), 'wh', w.id,
          '{"status":"ACTIVE"}', '{"status":"AUTO_DISABLED"}'
        from webhook w where w.id = of_webhook;
    end if;
  elsif kind = 2 then
    update webhook w set warned_at = now()
      where w.id = of_webhook and w.version = seen_version and w.failing_since = since
        and (w.warned_at is null or w.warned_at < since) and w.auto_disabled_at is null
      returning w.consecutive_failures into failed;
  elsif kind = 3 then
    update webhook w set warned_at = null
      where w.id = of_webhook and w.warned_at is not null and w.consecutive_failures = 0
        and w.auto_disabled_at is null
      returning 0 into failed;
  else
    -- the update below returns the row as it is after it: counted before, under the row's lock
    select w.exhausted_count into failed from webhook w
      where w.id = of_webhook and w.exhausted_count > 0;
    update webhook w set exhausted_count = 0, exhausted_notified_at = now()
      where w.id = of_webhook and w.exhausted_count > 0 and (w.exhausted_notified_at is null
        or w.exhausted_notified_at < now() - 3600 * interval '1 second');
    if not found then
      failed := null;
    end if;
  end if;
  return failed;
end $function$

CREATE OR REPLACE FUNCTION public.hl_apply_decisions(workspace uuid, webhooks uuid[], kinds smallint[], reasons text[], versions integer[], sinces timestamp with time zone[], OUT last_position bigint, OUT has_auto_disabled boolean, OUT notified uuid[], OUT addresses text[])
 RETURNS record
 LANGUAGE plpgsql
 SET lock_timeout TO '1s'
AS $function$
declare a record; failed int; notification uuid; entry_kinds smallint[] := '{}';
  entry_subjects uuid[] := '{}'; entry_webhooks uuid[] := '{}';
begin
  has_auto_disabled := false;
  perform 1 from webhook w where w.id = any(webhooks) order by w.id for update;
  for a in
      select * from unnest(webhooks, kinds, reasons, versions, sinces) with ordinality
        d(webhook, kind, reason, version, since, nth) order by nth loop
    failed := hl_apply_decision(a.webhook, a.kind, a.reason, a.version, a.since);
    continue when failed is null;
    if a.kind = 1 then
      has_auto_disabled := true;
      entry_kinds := entry_kinds || 14::smallint;
      entry_subjects := entry_subjects || a.webhook;
      entry_webhooks := entry_webhooks || a.webhook;
    end if;
    notification := hl_notify(a.webhook, a.kind, nullif(failed, 0));
    entry_kinds := entry_kinds || 30::smallint;
    entry_subjects := entry_subjects || notification;
    entry_webhooks := entry_webhooks || a.webhook;
  end loop;
  if cardinality(entry_kinds) = 0 then
    return;
  end if;
  select array_agg(e.notification_id), array_agg(e.address) into notified, addresses
    from email e where e.notification_id = any(entry_subjects);
  -- Only then: every change of it makes all processes load the workspace anew.
  if has_auto_disabled then
    update workspace set match_version = match_version + 1 where id = hl_apply_decisions.workspace;
  end if;
  update workspace_activity set position = position + cardinality(entry_kinds)
    where workspace_id = workspace returning position into last_position;
  insert into activity (workspace_id, position, kind, subject_id, webhook_id)
    select workspace, last_position - cardinality(entry_kinds) + e.nth, e.kind, e.subject, e.webhook
    from unnest(entry_kinds, entry_subjects, entry_webhooks) with ordinality
      e(kind, subject, webhook, nth);
end $function$

CREATE OR REPLACE FUNCTION public.hl_claim_paced(of_webhook uuid, room integer, pump_token uuid)
 RETURNS TABLE(id uuid, workspace_id uuid, webhook_id uuid, event_id uuid, number integer, event_type text, environment text, data text, occurred_at timestamp with time zone, step integer, is_manual boolean, next_cause smallint, match_version bigint, body bytea, wait double precision)
 LANGUAGE plpgsql
AS $function$
#variable_conflict use_column
declare h record; at timestamptz; slot timestamptz; pause float8; burst int; ahead float8; free int;
  picked uuid[]; n int;
begin
  -- Shared: it never meets the pump's own beat (an update), only a takeover's delete.
  perform 1 from pump p where p.token = pump_token for key share;
  if not found then
    return;
  end if;
  select w.is_active and w.auto_disabled_at is null as is_on, w.paced_until, w.rate_per_minute
    into h from webhook w
    where w.id = of_webhook and w.deleted_at is null and w.rate_per_minute is not null
    for update skip locked;
  if not found then
    return query
      select null::uuid, null::uuid, w.id, null::uuid, null::int, null::text, null::text,
        null::text, null::timestamptz, null::int, null::boolean, null::smallint, null::bigint,
        null::bytea, 0.05::float8
      from webhook w
      where w.id = of_webhook and w.deleted_at is null and w.rate_per_minute is not null;
    return;
  end if;
  at := clock_timestamp();
  pause := 60e6 / h.rate_per_minute;
  burst := greatest(1, h.rate_per_minute / 600);
  ahead := greatest((burst - 1) * pause, least(25e3, pause / 2));
  slot := greatest(h.paced_until, at);
  free := greatest(0, floor((ahead - extract(epoch from slot - at) * 1e6) / pause)::int + 1);
  picked := hl_lock_claimable(of_webhook, least(room, free), h.is_on);
  n := cardinality(picked);
  if n > 0 then
    slot := slot + n * pause * interval '1 microsecond';
    update webhook w set paced_until = slot where w.id = of_webhook;
    return query
      update delivery d set lease_token = pump_token, attempt_count = d.attempt_count + 1
      from event e where d.id = any(picked) and e.id = d.event_id
      returning d.id, d.workspace_id, d.webhook_id, d.event_id, d.attempt_count, d.event_type,
        d.environment, e.data, e.occurred_at, d.schedule_step, d.manual_at is not null,
        d.next_cause, (select w.match_version from workspace w where w.id = d.workspace_id),
        case when d.attempt_count > 1
          then (select b.body from delivery_body b where b.delivery_id = d.id) end,
        null::float8;
  end if;
  if n = free then
    wait := greatest(0, extract(epoch from slot - at) - ahead / 1e6);
  end if;
  id := null; webhook_id := of_webhook;
  return next;
end $function$

CREATE OR REPLACE FUNCTION public.hl_end_unknown(lost uuid[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  insert into attempt (id, workspace_id, delivery_id, webhook_id, event_id, event_type, environment,
      number, outcome, cause, response_truncated, started_at)
    select hl_new_id(), d.workspace_id, d.id, d.webhook_id, d.event_id, d.event_type, d.environment,
      d.attempt_count, 9,
      coalesce(nullif(d.next_cause, 0), case
        when d.manual_at is not null then 3
        when d.schedule_step = 0 then 1 else 2 end),
      false, now()
    from delivery d where d.id = any(lost) order by d.id
    on conflict (delivery_id, number) do nothing;
  perform 1 from webhook w where w.id in (select webhook_id from delivery where id = any(lost))
    order by w.id for update;
  update webhook w set exhausted_count = exhausted_count + x.count
    from (
      select d.webhook_id, count(*) from delivery d join webhook h on h.id = d.webhook_id
      where d.id = any(lost) and d.status = 0 and d.manual_at is null
        and h.deleted_at is null and (h.retry_schedule::jsonb ->> d.schedule_step) is null
      group by 1) x
    where w.id = x.webhook_id;
  with moved as (
    select d.id, d.status, d.manual_at is not null as is_manual,
      w.deleted_at is not null as is_gone,
      (w.retry_schedule::jsonb ->> d.schedule_step)::float8 as wait
    from delivery d join webhook w on w.id = d.webhook_id where d.id = any(lost))
  update delivery d set lease_token = null, manual_at = null, next_cause = null,
      schedule_step = d.schedule_step + (not m.is_manual)::int,
      status = case when m.status <> 0 then m.status
        when m.is_gone then 4
        when not m.is_manual and m.wait is null then 3 else m.status end,
      finished_at = case when m.status = 0
          and (m.is_gone or not m.is_manual and m.wait is null)
        then now() else d.finished_at end,
      next_attempt_at = case when m.is_manual or m.wait is null then d.next_attempt_at
        else now() + m.wait * (1 + (2 * random() - 1) * 20 / 100)
          * interval '1 second' end
    from moved m where d.id = m.id;
end $function$

CREATE OR REPLACE FUNCTION public.hl_flush()
 RETURNS pg_lsn
 LANGUAGE sql
AS $function$
  select pg_logical_emit_message(true, 'hookline', ''::text);
$function$

CREATE OR REPLACE FUNCTION public.hl_health_evidence(webhooks uuid[], successes boolean[], failures_at timestamp with time zone[])
 RETURNS jsonb
 LANGUAGE plpgsql
AS $function$
begin
  return (
    select jsonb_agg(jsonb_build_object(
        'id', w.id, 'version', w.version, 'had_success', c.had_success,
        'failed_at', hl_to_micros(c.failed_at), 'consecutive_failures', w.consecutive_failures,
        'failing_since', hl_to_micros(w.failing_since), 'consecutive_gone', w.consecutive_gone,
        'exhausted_count', w.exhausted_count, 'is_auto_disabled', w.auto_disabled_at is not null,
        'failures', w.auto_disable_failures, 'seconds', w.auto_disable_seconds,
        'is_active', w.is_active and w.deleted_at is null, 'warned_at', hl_to_micros(w.warned_at),
        'exhausted_notified_at', hl_to_micros(w.exhausted_notified_at), 'now', hl_to_micros(now()),
        'events', case when w.consecutive_failures >= w.auto_disable_failures
            and c.failed_at - w.failing_since >= w.auto_disable_seconds * interval '1 second'
          then (
            select count(distinct a.event_id) from (
              select event_id, outcome, cause, error_code, started_at from attempt
              where webhook_id = w.id and outcome > 2
              order by id desc limit 1000) a
            where a.outcome = 3 and a.started_at >= w.failing_since
              and a.cause in (1, 2)
              and coalesce(a.error_code, '') not in ('REFUSED_ADDRESS', 'TEMPLATE'))
          else 0 end)
        order by w.id)
    from unnest(webhooks, successes, failures_at) c(id, had_success, failed_at)
    join webhook w on w.id = c.id);
end $function$

CREATE OR REPLACE FUNCTION public.hl_lock_claimable(of_webhook uuid, room integer, is_on boolean)
 RETURNS uuid[]
 LANGUAGE plpgsql
AS $function$
begin
  return array(
    select d.id from (
      select * from (
        select d.id from delivery d
        where d.webhook_id = of_webhook and d.manual_at is not null and d.lease_token is null
        limit room for update skip locked) manual
      union all
      select * from (
        select d.id from delivery d
        where is_on and d.status = 0 and d.webhook_id = of_webhook
          and d.next_attempt_at <= now() and d.lease_token is null and d.manual_at is null
        order by d.next_attempt_at limit room for update skip locked) due
      limit room) d);
end $function$

CREATE OR REPLACE FUNCTION public.hl_new_id()
 RETURNS uuid
 LANGUAGE sql
AS $function$
  select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing
    substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1),
    52, 1), 53, 1), 'hex')::uuid
$function$

CREATE OR REPLACE FUNCTION public.hl_notify(of_webhook uuid, kind smallint, failed integer)
 RETURNS uuid
 LANGUAGE plpgsql
AS $function$
declare
  notification_id uuid := hl_new_id();
  kind_name text := case kind
    when 1 then 'AUTO_DISABLED'
    when 2 then 'FAILING'
    when 3 then 'RECOVERED'
    when 4 then 'DELIVERY_FAILED' end;
begin
  insert into notification (id, workspace_id, kind, webhook_id, reason, failures, failing_since,
      last_status_code, backlog, created_at)
    select notification_id, w.workspace_id, kind, w.id,
      case when kind = 1 then w.auto_disabled_reason
        -- Nothing was sent: the template's owner is told so.
        when kind = 4 then (
          select case when a.error_code = 'TEMPLATE' then a.error_code end
          from attempt a where a.webhook_id = w.id order by a.id desc limit 1) end,
      failed, w.failing_since, w.last_status_code,
      -- Counted up to a bound: the webhook's row is locked meanwhile.
      (select count(*) from (
        select from delivery d where d.webhook_id = w.id and d.status = 0
        limit 10000) open),
      now()
    from webhook w where w.id = of_webhook;
  insert into email (id, workspace_id, notification_id, address, status, tries, next_try_at)
    select hl_new_id(), w.workspace_id, notification_id, a.address, 0, 0, now()
    from webhook w, unnest(string_to_array(w.notification_emails, E'\n')) a(address)
    where w.id = of_webhook and a.address <> ''
      and strpos(w.notify_on, E'\n' || kind_name || E'\n') > 0;
  return notification_id;
end $function$

CREATE OR REPLACE FUNCTION public.hl_pause()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  -- Not now(), the start of the transaction: it may have waited for the row since, and events were
  -- published meanwhile.
  moment timestamptz := clock_timestamp();
  is_off boolean := new.deleted_at is null
    and not (new.is_active and new.auto_disabled_at is null);
  reason text := case when new.is_active
    then coalesce(new.auto_disabled_reason, 'FAILURES') else 'INACTIVE' end;
  last webhook_pause;
  is_open boolean;
begin
  select * into last from webhook_pause
    where workspace_id = new.workspace_id and webhook_id = new.id order by number desc limit 1;
  is_open := last.number is not null and last.ended_at is null;
  if is_open then
    -- A clock that went back meanwhile: both times are kept, in their order.
    update webhook_pause
      set began_at = least(began_at, moment), ended_at = greatest(began_at, moment)
      where workspace_id = new.workspace_id and webhook_id = new.id and number = last.number;
  end if;
  if is_off then
    insert into webhook_pause (workspace_id, webhook_id, number, first, off_at, began_at, cause,
        actor, environments, events, event_filter)
      values (new.workspace_id, new.id, coalesce(last.number, 0) + 1,
        case when is_open then last.first else coalesce(last.number, 0) + 1 end,
        case when is_open then last.off_at else moment end, moment, reason,
        -- Who turned it off, not who changed it afterwards.
        case when is_open and last.cause = reason then last.actor else new.modified_by end,
        new.environments, new.events, new.event_filter);
  elsif is_open then
    update webhook_pause set on_at = greatest(off_at, moment)
      where workspace_id = new.workspace_id and webhook_id = new.id and number >= last.first;
  end if;
  return null;
end $function$

CREATE OR REPLACE FUNCTION public.hl_publish(workspace uuid, version bigint, ids uuid[], types text[], environments text[], data text[], occurred timestamp with time zone[], received timestamp with time zone, keys text[], fingerprints bytea[], delivery_ids uuid[], webhooks uuid[], events uuid[], delivery_types text[], delivery_environments text[], wake_payload text)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
declare taken int;
begin
  perform 1 from workspace w where w.id = workspace and w.match_version = version for share;
  if not found then
    return false;
  end if;
  if keys is not null then
    -- Nothing is read first: an upsert in the order of the keys, so that two groups with the same
    -- keys wait for each other and never in a circle.
    insert into idempotency as i (workspace_id, key, event_id, fingerprint, expires_at)
      select workspace, k.key, k.id, k.fingerprint, now() + interval '24 hours'
      from unnest(keys, ids, fingerprints) k(key, id, fingerprint)
      where k.key is not null order by k.key
      on conflict (workspace_id, key) do update set event_id = excluded.event_id,
        fingerprint = excluded.fingerprint, expires_at = excluded.expires_at
      where i.expires_at < now();
    get diagnostics taken = row_count;
    -- Fewer rows than keys: one has an owner in force. Undone as a whole; the caller asks who it
    -- is.
    if taken < (select count(k) from unnest(keys) k) then
      raise exception using errcode = 'HL001', message = 'an idempotency key is taken';
    end if;
  end if;
  insert into event (id, workspace_id, type, environment, data, occurred_at, received_at,
      idempotency_key)
    select e.id, workspace, e.type, e.environment, e.data, e.occurred, received, e.key
    from unnest(ids, types, environments, data, occurred,
        coalesce(keys, array_fill(null::text, array[cardinality(ids)])))
      e(id, type, environment, data, occurred, key);
  insert into delivery (id, workspace_id, webhook_id, event_id, event_type, environment, status,
      next_attempt_at, attempt_count, schedule_step, created_at)
    select d.id, workspace, d.webhook, d.event, d.type, d.environment, 0, now(),
      0, 0, received
    from unnest(delivery_ids, webhooks, events, delivery_types, delivery_environments)
      d(id, webhook, event, type, environment);
  if wake_payload <> '' then
    -- In this statement, so that the wake-up leaves with the commit and costs no round trip of its
    -- own.
    perform pg_notify('hookline_wake', wake_payload);
  end if;
  return true;
end $function$

CREATE OR REPLACE FUNCTION public.hl_record(pump_token uuid, workspace uuid, ids uuid[], numbers integer[], webhooks uuid[], events uuid[], types text[], environments text[], attempts uuid[], versions integer[], outcomes smallint[], causes smallint[], states smallint[], waits double precision[], steps integer[], codes smallint[], errors text[], messages text[], ages_ms integer[], durations integer[], urls text[], request_heads text[], response_heads text[], bodies bytea[], truncated boolean[], buckets smallint[], OUT last_position bigint, OUT evidence jsonb)
 RETURNS record
 LANGUAGE plpgsql
 SET lock_timeout TO '1s'
AS $function$
declare done uuid[]; failed uuid[]; logged int; n int;
begin
  last_position := 0;
  select m.done, m.failed into done, failed
    from hl_record_moves(pump_token, ids, numbers, webhooks, outcomes, states, waits, steps) m;
  -- Not fenced: what was sent is in the log even if the lease was lost.
  logged := hl_record_log(workspace, ids, numbers, webhooks, events, types, environments, attempts,
    outcomes, causes, states, waits, codes, errors, messages, ages_ms, durations, urls,
    request_heads, response_heads, bodies, truncated);
  if logged < cardinality(ids) then
    perform hl_record_late(ids, numbers, outcomes, codes, errors, messages, ages_ms, durations,
      urls, request_heads, response_heads, bodies, truncated);
  end if;
  n := cardinality(done);
  if n = 0 then
    return;
  end if;
  perform 1 from webhook w where w.id = any(webhooks) order by w.id for update;
  perform hl_record_counts(done, ids, webhooks, outcomes, causes, ages_ms, buckets);
  evidence := hl_record_health(done, failed, ids, webhooks, versions, outcomes, causes, codes,
    errors, ages_ms, durations);
  update workspace_activity set position = position + n where workspace_id = workspace
    returning position into last_position;
  insert into activity (workspace_id, position, kind, subject_id, webhook_id)
    select workspace, last_position - n + row_number() over (order by r.nth), 1,
      r.attempt, r.webhook
    from unnest(ids, attempts, webhooks) with ordinality r(id, attempt, webhook, nth)
    -- Counts are compared first: `= any` for each row of a batch of 500 is 250,000 comparisons.
    where n = cardinality(ids) or r.id = any(done);
end $function$

CREATE OR REPLACE FUNCTION public.hl_record_counts(done uuid[], ids uuid[], webhooks uuid[], outcomes smallint[], causes smallint[], ages_ms integer[], buckets smallint[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare is_whole boolean := cardinality(done) = cardinality(ids);
begin
  insert into webhook_stat as s (webhook_id, step, at, bucket, attempts, failures)
    select r.webhook, 60, date_trunc('minute', now() - r.age_ms * interval '1 millisecond'),
      r.bucket, count(*), count(*) filter (where r.outcome = 3)
    from unnest(ids, webhooks, outcomes, causes, ages_ms, buckets)
      r(id, webhook, outcome, cause, age_ms, bucket)
    where r.cause <> 4 and (is_whole or r.id = any(done))
    group by 1, 3, 4 order by 1, 3, 4
    on conflict (webhook_id, step, at, bucket) do update set
      attempts = s.attempts + excluded.attempts, failures = s.failures + excluded.failures;
end $function$

CREATE OR REPLACE FUNCTION public.hl_record_health(done uuid[], failed uuid[], ids uuid[], webhooks uuid[], versions integer[], outcomes smallint[], causes smallint[], codes smallint[], errors text[], ages_ms integer[], durations integer[])
 RETURNS jsonb
 LANGUAGE plpgsql
AS $function$
declare is_whole boolean := cardinality(done) = cardinality(ids); crossed uuid[];
  successes boolean[]; failures_at timestamptz[];
begin
  with r as (
      select r.webhook, r.code, r.nth, now() - r.age_ms * interval '1 millisecond' as began,
        now() - (r.age_ms - coalesce(r.duration, 0)) * interval '1 millisecond' as ended,
        r.outcome = 2 as is_won, r.id = any(failed) as is_last,
        r.outcome = 3 and r.cause in (1, 2)
          and coalesce(r.error, '') not in ('REFUSED_ADDRESS', 'TEMPLATE')
          and w.version = r.version and w.auto_disabled_at is null as fails
      from unnest(ids, webhooks, versions, outcomes, causes, codes, errors, ages_ms,
          durations) with ordinality
        r(id, webhook, version, outcome, cause, code, error, age_ms, duration, nth)
      join webhook w on w.id = r.webhook
      where r.cause <> 4 and (is_whole or r.id = any(done))),
    latest as (select distinct on (webhook) webhook, ended, code from r order by webhook, nth desc),
    marked as (  -- good: the last success; other: the last answer that ends a row of 410s
      select r.*, coalesce(max(nth) filter (where is_won) over same, 0) as good,
        coalesce(max(nth) filter (where is_won or (fails and code is distinct from 410)) over same,
          0) as other
      from r window same as (partition by webhook)),
    fold as (
      select webhook, bool_or(is_won) as had_success, max(ended) filter (where is_won) as succeeded,
        count(*) filter (where fails and nth > good) as failures,
        (array_agg(began order by nth) filter (where fails and nth > good))[1] as failing_since,
        max(ended) filter (where fails and nth > good) as failed_at, max(other) > 0 as is_mixed,
        count(*) filter (where fails and code = 410 and nth > other) as gone_answers,
        count(*) filter (where is_last) as exhausted
      from marked group by webhook),
    folded as (
      update webhook w set last_attempt_at = latest.ended, last_status_code = latest.code,
          last_success_at = coalesce(fold.succeeded, w.last_success_at),
          consecutive_failures = case when w.auto_disabled_at is not null
            then w.consecutive_failures
            else fold.failures
              + case when fold.had_success then 0 else w.consecutive_failures end end,
          failing_since = case when w.auto_disabled_at is not null then w.failing_since
            when fold.had_success or w.consecutive_failures = 0 then fold.failing_since
            else w.failing_since end,
          consecutive_gone = fold.gone_answers + case when fold.is_mixed then 0
            else w.consecutive_gone end,
          exhausted_count = w.exhausted_count + fold.exhausted
        from fold join latest on latest.webhook = fold.webhook where w.id = fold.webhook
        returning w.*, fold.had_success, fold.failed_at)
  select array_agg(id), array_agg(had_success), array_agg(failed_at)
    into crossed, successes, failures_at from folded
    where exhausted_count > 0 and (exhausted_notified_at is null
        or exhausted_notified_at < now() - 3600 * interval '1 second')
      or had_success and warned_at is not null and auto_disabled_at is null
      or failed_at is not null and auto_disable_failures is not null and is_active
        and deleted_at is null and auto_disabled_at is null
        and (consecutive_gone >= 3
          or consecutive_failures * 2 >= auto_disable_failures
            and (failed_at - failing_since) * 2 >= auto_disable_seconds * interval '1 second');
  return case when crossed is not null then hl_health_evidence(crossed, successes, failures_at) end;
end $function$

CREATE OR REPLACE FUNCTION public.hl_record_late(ids uuid[], numbers integer[], outcomes smallint[], codes smallint[], errors text[], messages text[], ages_ms integer[], durations integer[], urls text[], request_heads text[], response_heads text[], bodies bytea[], truncated boolean[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  update attempt a set outcome = r.outcome, status_code = r.code, error_code = r.error,
      error_message = r.message, started_at = now() - r.age_ms * interval '1 millisecond',
      duration_ms = r.duration, request_url = r.url, request_headers = r.request_head,
      response_headers = r.response_head, response_body = r.body, response_truncated = r.truncated
    from unnest(ids, numbers, outcomes, codes, errors, messages, ages_ms, durations, urls,
        request_heads, response_heads, bodies, truncated)
      r(id, number, outcome, code, error, message, age_ms, duration, url, request_head,
        response_head, body, truncated)
    where a.delivery_id = r.id and a.number = r.number and a.outcome = 9;
end $function$

CREATE OR REPLACE FUNCTION public.hl_record_log(workspace uuid, ids uuid[], numbers integer[], webhooks uuid[], events uuid[], types text[], environments text[], attempts uuid[], outcomes smallint[], causes smallint[], states smallint[], waits double precision[], codes smallint[], errors text[], messages text[], ages_ms integer[], durations integer[], urls text[], request_heads text[], response_heads text[], bodies bytea[], truncated boolean[])
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
declare logged int;
begin
  insert into attempt (id, workspace_id, delivery_id, webhook_id, event_id, event_type, environment,
      number, outcome, cause, request_url, request_headers, status_code, response_headers,
      response_body, response_truncated, error_code, error_message, started_at, duration_ms,
      next_attempt_at)
    select r.attempt, workspace, r.id, r.webhook, r.event, r.type, r.environment,
      r.number, r.outcome, r.cause, r.url, r.request_head, r.code, r.response_head,
      r.body, r.truncated, r.error, r.message, now() - r.age_ms * interval '1 millisecond',
      r.duration, case when r.state = 0 and r.wait is not null
        then now() + r.wait * interval '1 second' end
    from unnest(attempts, ids, webhooks, events, types, environments, numbers, outcomes, causes,
        states, waits, codes, errors, messages, ages_ms, durations, urls, request_heads,
        response_heads, bodies, truncated)
      r(attempt, id, webhook, event, type, environment, number, outcome, cause, state, wait, code,
        error, message, age_ms, duration, url, request_head, response_head, body, truncated)
    on conflict (delivery_id, number) do nothing;
  get diagnostics logged = row_count;
  return logged;
end $function$

CREATE OR REPLACE FUNCTION public.hl_record_moves(pump_token uuid, ids uuid[], numbers integer[], webhooks uuid[], outcomes smallint[], states smallint[], waits double precision[], steps integer[], OUT done uuid[], OUT failed uuid[])
 RETURNS record
 LANGUAGE plpgsql
AS $function$
declare gone uuid[];
begin
  gone := array(select w.id from webhook w where w.id = any(webhooks) and w.deleted_at is not null);
  -- A statement of its own: the update below would lock rows in the order of its plan.
  perform 1 from delivery d where d.id = any(ids) order by d.id for update;
  with fenced as (
    update delivery d set
        status = case
          when d.status = 0 and d.webhook_id = any(gone)
            then 4
          when d.status = 0
            or (d.manual_at is not null and r.outcome = 2
              and d.next_cause is distinct from 0)
            then r.state
          else d.status end,
        finished_at = case
          when d.status = 0 and r.state = 0
            and d.webhook_id <> all(gone)
            then null
          when d.status = 0
            or (d.manual_at is not null and r.outcome = 2
              and d.next_cause is distinct from 0)
            then now()
          else d.finished_at end,
        next_attempt_at = case when r.wait is null then d.next_attempt_at
          else now() + r.wait * interval '1 second' end,
        lease_token = null, manual_at = null, next_cause = null, schedule_step = r.step
      from unnest(ids, numbers, outcomes, states, waits, steps)
        r(id, number, outcome, state, wait, step)
      where d.id = r.id and d.lease_token = pump_token and d.attempt_count = r.number
      -- What became of it, not the wish: it may have been cancelled meanwhile.
      returning d.id, r.state = 3 and d.status = 3 as is_last)
  select coalesce(array_agg(id), '{}'), coalesce(array_agg(id) filter (where is_last), '{}')
    into done, failed from fenced;
end $function$

CREATE OR REPLACE FUNCTION public.hl_take_over(dead_after interval)
 RETURNS integer
 LANGUAGE plpgsql
 SET lock_timeout TO '1s'
AS $function$
declare dead uuid; lost uuid[]; workspace uuid; last_position bigint; n int;
begin
  select token into dead from pump where beat_at < now() - dead_after order by beat_at limit 1
    -- Another sweep is at work on it.
    for update skip locked;
  if dead is null then
    return -1;
  end if;
  select array_agg(x.id order by x.id) into lost from (
    select id from delivery where id in (
      select id from delivery where status = 0 and lease_token = dead
      union all
      select id from delivery
        where status <> 0 and manual_at is not null and lease_token = dead)
    order by id for update) x;
  if lost is not null then
    perform hl_end_unknown(lost);
    for workspace in
        select distinct d.workspace_id from delivery d where d.id = any(lost) order by 1 loop
      select count(*) into n from delivery d where d.id = any(lost) and d.workspace_id = workspace;
      update workspace_activity set position = position + n where workspace_id = workspace
        returning position into last_position;
      insert into activity (workspace_id, position, kind, subject_id, webhook_id)
        select workspace, last_position - n + row_number() over (order by d.id),
          1, a.id, d.webhook_id
        from delivery d join attempt a on a.delivery_id = d.id and a.number = d.attempt_count
        where d.id = any(lost) and d.workspace_id = workspace;
    end loop;
  end if;
  -- Last, under the lock from above: a claim of this token waited for it and finds no pump now.
  delete from pump where token = dead;
  return coalesce(cardinality(lost), 0);
end $function$

CREATE OR REPLACE FUNCTION public.hl_to_micros(at timestamp with time zone)
 RETURNS bigint
 LANGUAGE sql
 STABLE
AS $function$
  select (extract(epoch from at) * 1000000)::bigint
$function$

CREATE OR REPLACE PROCEDURE public.hl_publish_one(IN workspace uuid, IN version bigint, IN of_event uuid, IN of_type text, IN of_environment text, IN of_data text, IN occurred timestamp with time zone, IN received timestamp with time zone, IN delivery_ids uuid[], IN webhooks uuid[], IN wake_payload text, INOUT is_written boolean)
 LANGUAGE plpgsql
AS $procedure$
begin
  perform 1 from workspace w where w.id = workspace and w.match_version = version for share;
  is_written := found;
  if not is_written then
    return;
  end if;
  insert into event (id, workspace_id, type, environment, data, occurred_at, received_at)
    values (of_event, workspace, of_type, of_environment, of_data, occurred, received);
  insert into delivery (id, workspace_id, webhook_id, event_id, event_type, environment, status,
      next_attempt_at, attempt_count, schedule_step, created_at)
    select d.id, workspace, d.webhook, of_event, of_type, of_environment, 0,
      now(), 0, 0, received
    from unnest(delivery_ids, webhooks) d(id, webhook);
  perform pg_notify('hookline_wake', wake_payload);
  perform set_config('synchronous_commit', 'off', true);  -- of this transaction alone
  commit;
  perform hl_flush();
end $procedure$

