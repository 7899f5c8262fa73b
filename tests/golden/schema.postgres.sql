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
column delivery.schedule_step integer not null
column delivery.status smallint not null
column delivery.webhook_id uuid not null
column delivery.workspace_id uuid not null
column event.data text
column event.environment text not null
column event.id uuid not null
column event.idempotency_key text
column event.occurred_at timestamp with time zone not null
column event.received_at timestamp with time zone not null
column event.type text not null
column event.workspace_id uuid not null
column idempotency.event_id uuid not null
column idempotency.expires_at timestamp with time zone not null
column idempotency.fingerprint bytea not null
column idempotency.key text not null
column idempotency.workspace_id uuid not null
column pump.beat_at timestamp with time zone not null
column pump.process text not null
column pump.token uuid not null
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
column sync_revision.repository text
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
column sync_set.revision_number integer not null
column sync_set.workspace_id uuid not null
column token.created_at timestamp with time zone not null
column token.digest bytea not null
column token.expires_at timestamp with time zone
column token.id uuid not null
column token.last_four character varying(4) not null
column token.last_used_at timestamp with time zone
column token.name character varying(100) not null
column token.revoked_at timestamp with time zone
column token.scopes text not null
column token.workspace_id uuid not null
column tortoise_migrations.app character varying(255) not null
column tortoise_migrations.applied_at timestamp with time zone not null
column tortoise_migrations.id integer not null default nextval('tortoise_migrations_id_seq'::regclass)
column tortoise_migrations.name character varying(255) not null
column vault_key.name text not null
column vault_key.sealed text not null
column webhook.basic_auth_sealed text
column webhook.basic_auth_username text
column webhook.concurrency integer not null
column webhook.consecutive_failures integer not null
column webhook.created_at timestamp with time zone not null
column webhook.created_by text not null
column webhook.deleted_at timestamp with time zone
column webhook.description text
column webhook.environments text not null
column webhook.events text not null
column webhook.failing_since timestamp with time zone
column webhook.headers text not null
column webhook.id uuid not null
column webhook.is_active boolean not null
column webhook.labels text not null
column webhook.last_attempt_at timestamp with time zone
column webhook.last_status_code smallint
column webhook.last_success_at timestamp with time zone
column webhook.modified_at timestamp with time zone not null
column webhook.modified_by text not null
column webhook.name character varying(100) not null
column webhook.retry_schedule text not null
column webhook.secret_header_name text
column webhook.secret_header_sealed text
column webhook.signing_secrets text not null
column webhook.slug character varying(63) not null
column webhook.sync_applied text
column webhook.sync_commit text
column webhook.sync_file text
column webhook.sync_line integer
column webhook.sync_removed_at timestamp with time zone
column webhook.sync_set character varying(63)
column webhook.timeout_ms integer not null
column webhook.url text not null
column webhook.version integer not null
column webhook.workspace_id uuid not null
column workspace.created_at timestamp with time zone not null
column workspace.id uuid not null
column workspace.match_version bigint not null
column workspace.name character varying(100) not null
column workspace.slug character varying(63) not null
column workspace_activity.position bigint not null
column workspace_activity.workspace_id uuid not null
constraint activity PRIMARY KEY (workspace_id, "position")
constraint attempt PRIMARY KEY (id)
constraint delivery PRIMARY KEY (id)
constraint event PRIMARY KEY (id)
constraint idempotency PRIMARY KEY (workspace_id, key)
constraint pump PRIMARY KEY (token)
constraint sync_revision PRIMARY KEY (id)
constraint sync_set PRIMARY KEY (id)
constraint token PRIMARY KEY (id)
constraint tortoise_migrations PRIMARY KEY (id)
constraint tortoise_migrations UNIQUE (app, name)
constraint vault_key PRIMARY KEY (name)
constraint webhook PRIMARY KEY (id)
constraint workspace PRIMARY KEY (id)
constraint workspace_activity PRIMARY KEY (workspace_id)
index CREATE INDEX attempt_list ON public.attempt USING btree (webhook_id, id)
index CREATE INDEX delivery_due ON public.delivery USING btree (webhook_id, next_attempt_at) WHERE (status = 0)
index CREATE INDEX delivery_event ON public.delivery USING btree (event_id)
index CREATE INDEX delivery_list ON public.delivery USING btree (webhook_id, id)
index CREATE INDEX delivery_manual ON public.delivery USING btree (webhook_id) WHERE (manual_at IS NOT NULL)
index CREATE INDEX event_list ON public.event USING btree (workspace_id, id)
index CREATE INDEX idempotency_expiry ON public.idempotency USING btree (expires_at)
index CREATE INDEX webhook_list ON public.webhook USING btree (workspace_id, name, id)
index CREATE UNIQUE INDEX activity_pkey ON public.activity USING btree (workspace_id, "position")
index CREATE UNIQUE INDEX attempt_number ON public.attempt USING btree (delivery_id, number)
index CREATE UNIQUE INDEX attempt_pkey ON public.attempt USING btree (id)
index CREATE UNIQUE INDEX delivery_pkey ON public.delivery USING btree (id)
index CREATE UNIQUE INDEX event_pkey ON public.event USING btree (id)
index CREATE UNIQUE INDEX idempotency_pkey ON public.idempotency USING btree (workspace_id, key)
index CREATE UNIQUE INDEX pump_pkey ON public.pump USING btree (token)
index CREATE UNIQUE INDEX sync_revision_key ON public.sync_revision USING btree (set_id, idempotency_key) WHERE (idempotency_key IS NOT NULL)
index CREATE UNIQUE INDEX sync_revision_number ON public.sync_revision USING btree (set_id, number)
index CREATE UNIQUE INDEX sync_revision_pkey ON public.sync_revision USING btree (id)
index CREATE UNIQUE INDEX sync_set_name ON public.sync_set USING btree (workspace_id, name)
index CREATE UNIQUE INDEX sync_set_pkey ON public.sync_set USING btree (id)
index CREATE UNIQUE INDEX token_digest ON public.token USING btree (digest)
index CREATE UNIQUE INDEX token_pkey ON public.token USING btree (id)
index CREATE UNIQUE INDEX tortoise_migrations_pkey ON public.tortoise_migrations USING btree (id)
index CREATE UNIQUE INDEX uid_tortoise_mi_app_3803a5 ON public.tortoise_migrations USING btree (app, name)
index CREATE UNIQUE INDEX vault_key_pkey ON public.vault_key USING btree (name)
index CREATE UNIQUE INDEX webhook_pkey ON public.webhook USING btree (id)
index CREATE UNIQUE INDEX webhook_slug ON public.webhook USING btree (workspace_id, slug) WHERE (deleted_at IS NULL)
index CREATE UNIQUE INDEX workspace_activity_pkey ON public.workspace_activity USING btree (workspace_id)
index CREATE UNIQUE INDEX workspace_pkey ON public.workspace USING btree (id)
table delivery with (fillfactor=70)
table pump with (fillfactor=10)
table webhook with (fillfactor=50)
table workspace_activity with (fillfactor=10)
CREATE OR REPLACE FUNCTION public.hl_publish_1(workspace uuid, version bigint, ids uuid[], types text[], environments text[], datas text[], occurred timestamp with time zone[], received timestamp with time zone, keys text[], prints bytea[], delivery_ids uuid[], hooks uuid[], events uuid[], delivery_types text[], delivery_environments text[], look text)
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
    insert into idempotency as i (workspace_id, key, event_id, fingerprint, expires_at)
      select workspace, k.key, k.id, k.print, now() + interval '24 hours' from unnest(keys, ids, prints) k(key, id, print) where k.key is not null order by k.key
      on conflict (workspace_id, key) do update set event_id = excluded.event_id, fingerprint = excluded.fingerprint, expires_at = excluded.expires_at
      where i.expires_at < now();
    get diagnostics taken = row_count;
    if taken < (select count(k) from unnest(keys) k) then
      raise exception using errcode = 'HL001', message = 'an idempotency key is taken';
    end if;
  end if;
  insert into event (id, workspace_id, type, environment, data, occurred_at, received_at, idempotency_key)
    select e.id, workspace, e.type, e.environment, e.data, e.occurred, received, e.key
    from unnest(ids, types, environments, datas, occurred, coalesce(keys, array_fill(null::text, array[cardinality(ids)]))) e(id, type, environment, data, occurred, key);
  insert into delivery (id, workspace_id, webhook_id, event_id, event_type, environment, status, next_attempt_at, attempt_count, schedule_step, created_at)
    select d.id, workspace, d.hook, d.event, d.type, d.environment, 0, now(), 0, 0, received
    from unnest(delivery_ids, hooks, events, delivery_types, delivery_environments) d(id, hook, event, type, environment);
  if look <> '' then
    perform pg_notify('hookline_wake', look);
  end if;
  return true;
end $function$

CREATE OR REPLACE FUNCTION public.hl_record_1(tok uuid, workspace uuid, ids uuid[], numbers integer[], hooks uuid[], events uuid[], types text[], environments text[], attempts uuid[], versions integer[], outcomes smallint[], causes smallint[], states smallint[], waits double precision[], steps integer[], codes smallint[], errors text[], messages text[], agos integer[], durations integer[], urls text[], request_heads text[], response_heads text[], bodies bytea[], truncated boolean[])
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
declare done uuid[]; gone uuid[]; logged int; n int; pos bigint;
begin
  gone := array(select w.id from webhook w where w.id = any(hooks) and w.deleted_at is not null);  -- the sweep has not cancelled them yet
  perform 1 from delivery d where d.id = any(ids) order by d.id for update;
  with fenced as (
    update delivery d set
        status = case when d.status = 0 and d.webhook_id = any(gone) then 4 when d.status = 0 or (d.manual_at is not null and r.outcome = 2) then r.state else d.status end,
        finished_at = case when d.status = 0 and r.state = 0 and d.webhook_id <> all(gone) then null when d.status = 0 or (d.manual_at is not null and r.outcome = 2) then now() else d.finished_at end,
        next_attempt_at = case when r.wait is null then d.next_attempt_at else now() + r.wait * interval '1 second' end,
        lease_token = null, manual_at = null, schedule_step = r.step
      from unnest(ids, numbers, outcomes, states, waits, steps) r(id, number, outcome, state, wait, step)
      where d.id = r.id and d.lease_token = tok and d.attempt_count = r.number
      returning d.id)
  select coalesce(array_agg(id), '{}') into done from fenced;
  insert into attempt (id, workspace_id, delivery_id, webhook_id, event_id, event_type, environment, number, outcome, cause, request_url, request_headers,
      status_code, response_headers, response_body, response_truncated, error_code, error_message, started_at, duration_ms, next_attempt_at)
    select r.attempt, workspace, r.id, r.hook, r.event, r.type, r.environment, r.number, r.outcome, r.cause, r.url, r.request_head,
      r.code, r.response_head, r.body, r.cut, r.error, r.message, now() - r.ago * interval '1 millisecond', r.duration,
      case when r.state = 0 and r.wait is not null then now() + r.wait * interval '1 second' end
    from unnest(attempts, ids, hooks, events, types, environments, numbers, outcomes, causes, states, waits, codes, errors, messages, agos, durations, urls,
      request_heads, response_heads, bodies, truncated) r(attempt, id, hook, event, type, environment, number, outcome, cause, state, wait, code, error, message, ago,
      duration, url, request_head, response_head, body, cut)
    on conflict (delivery_id, number) do nothing;
  get diagnostics logged = row_count;
  if logged < cardinality(ids) then  -- the lease was lost: what was sent replaces UNKNOWN, and that is all
    update attempt a set outcome = r.outcome, status_code = r.code, error_code = r.error, error_message = r.message, started_at = now() - r.ago * interval '1 millisecond',
        duration_ms = r.duration, request_url = r.url, request_headers = r.request_head, response_headers = r.response_head, response_body = r.body, response_truncated = r.cut
      from unnest(ids, numbers, outcomes, codes, errors, messages, agos, durations, urls, request_heads, response_heads, bodies, truncated)
        r(id, number, outcome, code, error, message, ago, duration, url, request_head, response_head, body, cut)
      where a.delivery_id = r.id and a.number = r.number and a.outcome = 9;
  end if;
  n := cardinality(done);
  if n = 0 then
    return 0;
  end if;
  perform 1 from webhook w where w.id = any(hooks) order by w.id for update;
  with r as (
      select r.*, now() - r.ago * interval '1 millisecond' as began, now() - (r.ago - coalesce(r.duration, 0)) * interval '1 millisecond' as ended
      from unnest(ids, hooks, versions, outcomes, causes, codes, errors, agos, durations) with ordinality r(id, hook, version, outcome, cause, code, error, ago, duration, nth)
      where n = cardinality(ids) or r.id = any(done)),
    latest as (
      select distinct on (hook) hook, ended, code from r order by hook, nth desc),
    fold as (  -- the batch, in order: had a success, failures after the last one, the start of the first of those
      select r.hook, bool_or(r.outcome = 2) as had, max(r.ended) filter (where r.outcome = 2) as succeeded,
        count(*) filter (where r.fails and r.nth > r.good) as failures, (array_agg(r.began order by r.nth) filter (where r.fails and r.nth > r.good))[1] as since
      from (select r.*, r.outcome = 3 and r.cause <> 3 and r.error is distinct from 'REFUSED_ADDRESS' and w.version = r.version as fails,
              coalesce(max(r.nth) filter (where r.outcome = 2) over (partition by r.hook), 0) as good
            from r join webhook w on w.id = r.hook) r
      group by r.hook)
  update webhook w set last_attempt_at = latest.ended, last_status_code = latest.code, last_success_at = coalesce(fold.succeeded, w.last_success_at),
      consecutive_failures = fold.failures + case when fold.had then 0 else w.consecutive_failures end,
      failing_since = case when fold.had or w.consecutive_failures = 0 then fold.since else w.failing_since end
    from fold join latest on latest.hook = fold.hook where w.id = fold.hook;
  update workspace_activity set position = position + n where workspace_id = workspace returning position into pos;
  insert into activity (workspace_id, position, kind, subject_id, webhook_id)
    select workspace, pos - n + row_number() over (order by r.nth), 1, r.attempt, r.hook
    from unnest(ids, attempts, hooks) with ordinality r(id, attempt, hook, nth) where n = cardinality(ids) or r.id = any(done);
  return pos;
end $function$

CREATE OR REPLACE FUNCTION public.hl_takeover_1(dead_after interval)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
declare dead uuid; lost uuid[]; ws uuid; pos bigint; n int;
begin
  select token into dead from pump where beat_at < now() - dead_after order by beat_at limit 1 for update skip locked;
  if dead is null then
    return -1;
  end if;
  select array_agg(x.id order by x.id) into lost from (
    select id from delivery where id in (
      select id from delivery where status = 0 and lease_token = dead union all select id from delivery where status <> 0 and lease_token = dead)
    order by id for update) x;
  if lost is not null then
    insert into attempt (id, workspace_id, delivery_id, webhook_id, event_id, event_type, environment, number, outcome, cause, response_truncated, started_at)
      select  -- a UUIDv7: 48 bits of milliseconds over a random one, whose version's 0100 gets its two other bits
        encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing substring(int8send((extract(epoch from now()) * 1000)::bigint) from 3) from 1), 52, 1), 53, 1), 'hex')::uuid,
        d.workspace_id, d.id, d.webhook_id, d.event_id, d.event_type, d.environment, d.attempt_count, 9,
        case when d.manual_at is not null then 3 when d.schedule_step = 0 then 1 else 2 end, false, now()
      from delivery d where d.id = any(lost) order by d.id on conflict (delivery_id, number) do nothing;
    update delivery d set lease_token = null, manual_at = null, schedule_step = d.schedule_step + (d.manual_at is null)::int,
        status = case when d.status = 0 and d.manual_at is null and (w.retry_schedule::jsonb ->> d.schedule_step) is null then 3 else d.status end,
        finished_at = case when d.status = 0 and d.manual_at is null and (w.retry_schedule::jsonb ->> d.schedule_step) is null then now() else d.finished_at end,
        next_attempt_at = case when d.manual_at is null
          then now() + coalesce((w.retry_schedule::jsonb ->> d.schedule_step)::float8, 0) * (0.8 + 0.4 * random()) * interval '1 second' else d.next_attempt_at end
      from webhook w where d.id = any(lost) and w.id = d.webhook_id;
    for ws in select distinct d.workspace_id from delivery d where d.id = any(lost) order by 1 loop
      select count(*) into n from delivery d where d.id = any(lost) and d.workspace_id = ws;
      update workspace_activity set position = position + n where workspace_id = ws returning position into pos;
      insert into activity (workspace_id, position, kind, subject_id, webhook_id)
        select ws, pos - n + row_number() over (order by d.id), 1, a.id, d.webhook_id
        from delivery d join attempt a on a.delivery_id = d.id and a.number = d.attempt_count where d.id = any(lost) and d.workspace_id = ws;
    end loop;
  end if;
  delete from pump where token = dead;
  return coalesce(cardinality(lost), 0);
end $function$

CREATE OR REPLACE FUNCTION public.hl_takeover_2(dead_after interval)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
declare dead uuid; lost uuid[]; ws uuid; pos bigint; n int;
begin
  select token into dead from pump where beat_at < now() - dead_after order by beat_at limit 1 for update skip locked;
  if dead is null then
    return -1;
  end if;
  select array_agg(x.id order by x.id) into lost from (
    select id from delivery where id in (
      select id from delivery where status = 0 and lease_token = dead
      union all select id from delivery where status <> 0 and manual_at is not null and lease_token = dead)
    order by id for update) x;
  if lost is not null then
    insert into attempt (id, workspace_id, delivery_id, webhook_id, event_id, event_type, environment, number, outcome, cause, response_truncated, started_at)
      select  -- a UUIDv7: 48 bits of milliseconds over a random one, whose version's 0100 gets its two other bits
        encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing substring(int8send((extract(epoch from now()) * 1000)::bigint) from 3) from 1), 52, 1), 53, 1), 'hex')::uuid,
        d.workspace_id, d.id, d.webhook_id, d.event_id, d.event_type, d.environment, d.attempt_count, 9,
        case when d.manual_at is not null then 3 when d.schedule_step = 0 then 1 else 2 end, false, now()
      from delivery d where d.id = any(lost) order by d.id on conflict (delivery_id, number) do nothing;
    update delivery d set lease_token = null, manual_at = null, schedule_step = d.schedule_step + (d.manual_at is null)::int,
        status = case when d.status = 0 and w.deleted_at is not null then 4 when d.status = 0 and d.manual_at is null and (w.retry_schedule::jsonb ->> d.schedule_step) is null then 3 else d.status end,
        finished_at = case when d.status = 0 and (w.deleted_at is not null or d.manual_at is null and (w.retry_schedule::jsonb ->> d.schedule_step) is null) then now() else d.finished_at end,
        next_attempt_at = case when d.manual_at is null
          then now() + coalesce((w.retry_schedule::jsonb ->> d.schedule_step)::float8, 0) * (0.8 + 0.4 * random()) * interval '1 second' else d.next_attempt_at end
      from webhook w where d.id = any(lost) and w.id = d.webhook_id;
    for ws in select distinct d.workspace_id from delivery d where d.id = any(lost) order by 1 loop
      select count(*) into n from delivery d where d.id = any(lost) and d.workspace_id = ws;
      update workspace_activity set position = position + n where workspace_id = ws returning position into pos;
      insert into activity (workspace_id, position, kind, subject_id, webhook_id)
        select ws, pos - n + row_number() over (order by d.id), 1, a.id, d.webhook_id
        from delivery d join attempt a on a.delivery_id = d.id and a.number = d.attempt_count where d.id = any(lost) and d.workspace_id = ws;
    end loop;
  end if;
  delete from pump where token = dead;
  return coalesce(cardinality(lost), 0);
end $function$

