"""Health that acts: the record counts per minute, turns off what keeps failing, and writes whom to tell, all in its own transaction.

The order of the locks is 0003's, with the counters of a webhook behind its row: deliveries, webhooks, match version, activity position.
"""

from hookline.db.migration_log import NotedMigration, Sql

TABLES = {
    "postgres": (
        # attempts of a webhook by minute (step 60) or hour (3600) and by class of their duration (hookline.deliveries.histogram)
        "create table webhook_stat (webhook_id uuid not null, step int not null, at timestamptz not null, bucket smallint not null, attempts int not null, failures int not null, primary key (webhook_id, step, at, bucket)) with (fillfactor = 50)",
        # when a webhook was off: what it missed
        "create table webhook_pause (webhook_id uuid not null, began_at timestamptz not null, ended_at timestamptz, primary key (webhook_id, began_at))",
        # what a template made for a delivery's first attempt, for its retries
        "create table delivery_body (delivery_id uuid primary key, body bytea not null)",
        # how far a sweep through a table has come that leaves its rows where they are
        "create table retention (name text primary key, position uuid not null)",
    ),
    "sqlite": (
        "create table webhook_stat (webhook_id blob not null, step integer not null, at integer not null, bucket integer not null, attempts integer not null, failures integer not null, primary key (webhook_id, step, at, bucket)) without rowid",
        "create table webhook_pause (webhook_id blob not null, began_at integer not null, ended_at integer, primary key (webhook_id, began_at)) without rowid",
        "create table delivery_body (delivery_id blob primary key, body blob not null)",
        "create table retention (name text primary key, position blob not null)",
    ),
}

INDEXES = (
    # minutes that are old enough to become hours, hours that are old enough to go
    "create index webhook_stat_age on webhook_stat (step, at)",
    # mails to send now
    "create index email_pending on email (next_try_at) where status = 0",
    # the receipts of a notification; a mail per address however often it is told
    "create unique index email_receipt on email (notification_id, address)",
    # notifications, newest first
    "create index notification_list on notification (workspace_id, id)",
    "create index notification_webhook on notification (webhook_id, id)",
    # failed deliveries that wait for the next hour's word
    "create index webhook_exhausted on webhook (exhausted_told_at) where exhausted_count > 0",
    "create unique index event_type_name on event_type (workspace_id, name)",
    # jobs to go on with now
    "create index job_open on job (run_at) where status < 2",
    # audit entries, newest first
    "create index audit_list on audit_entry (workspace_id, id)",
    "create index audit_subject on audit_entry (subject_id, id)",
)

_IS_LIVE = "({0}.is_active and {0}.deleted_at is null and {0}.auto_disabled_at is null)"
_COLUMNS = "is_active, deleted_at, auto_disabled_at"
PAUSES = {
    "postgres": (
        """
create function hl_pause_1() returns trigger language plpgsql as $$
begin
  if new.is_active and new.deleted_at is null and new.auto_disabled_at is null then
    update webhook_pause set ended_at = now() where webhook_id = new.id and ended_at is null;
  else
    insert into webhook_pause (webhook_id, began_at) values (new.id, now()) on conflict do nothing;
  end if;
  return null;
end $$""",
        f"create trigger webhook_pauses after update of {_COLUMNS} on webhook for each row when ({_IS_LIVE.format('old')} <> {_IS_LIVE.format('new')}) execute function hl_pause_1()",
        f"create trigger webhook_begins_paused after insert on webhook for each row when (not {_IS_LIVE.format('new')}) execute function hl_pause_1()",
    ),
    "sqlite": (
        f"""create trigger webhook_pauses after update of {_COLUMNS} on webhook when {_IS_LIVE.format("old")} and not {_IS_LIVE.format("new")} begin
  insert into webhook_pause (webhook_id, began_at) values (new.id, cast((julianday('now') - 2440587.5) * 86400000000 as integer)) on conflict do nothing;
end""",
        f"""create trigger webhook_goes_on after update of {_COLUMNS} on webhook when not {_IS_LIVE.format("old")} and {_IS_LIVE.format("new")} begin
  update webhook_pause set ended_at = cast((julianday('now') - 2440587.5) * 86400000000 as integer) where webhook_id = new.id and ended_at is null;
end""",
        f"""create trigger webhook_begins_paused after insert on webhook when not {_IS_LIVE.format("new")} begin
  insert into webhook_pause (webhook_id, began_at) values (new.id, cast((julianday('now') - 2440587.5) * 86400000000 as integer)) on conflict do nothing;
end""",
    ),
}

# A UUIDv7: 48 bits of milliseconds over a random one, whose version's 0100 gets its two other bits.
KEY = """
create function hl_key_1() returns uuid language sql volatile as $$
  select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1), 52, 1), 53, 1), 'hex')::uuid
$$"""

# A notification about a webhook as it is now, and a mail to each address that wants this kind. Kinds: hookline.models.NotificationKind.
NOTIFY = """
create function hl_notify_1(hook uuid, kind smallint, failed int) returns uuid language plpgsql as $$
declare told uuid := hl_key_1(); names text[] := array['AUTO_DISABLED', 'FAILING', 'RECOVERED', 'DELIVERY_FAILED'];
begin
  insert into notification (id, workspace_id, kind, webhook_id, reason, failures, failing_since, last_status_code, backlog, created_at)
    select told, w.workspace_id, hl_notify_1.kind, w.id, case when hl_notify_1.kind = 1 then w.auto_disabled_reason end, failed, w.failing_since, w.last_status_code,
      (select count(*) from (select from delivery d where d.webhook_id = w.id and d.status = 0 limit 10000) open), now()
    from webhook w where w.id = hook;
  insert into email (id, workspace_id, notification_id, address, status, tries, next_try_at)
    select hl_key_1(), w.workspace_id, told, a.address, 0, 0, now()
    from webhook w, unnest(string_to_array(w.notification_emails, E'\\n')) a(address)
    where w.id = hook and a.address <> '' and strpos(w.notify_on, E'\\n' || names[hl_notify_1.kind] || E'\\n') > 0;
  return told;
end $$"""

# As version 1, and: counters per minute, consecutive 410s, what ran out of retries, and what crossing a threshold brings about.
# counts: an attempt that counts as a failure. Causes 3 and 4 are by hand; 0 marks a delivery that was
# cancelled on the wire: it stays so.
RECORD = """
create function hl_record_2(
    tok uuid, workspace uuid, ids uuid[], numbers int[], hooks uuid[], events uuid[], types text[], environments text[], attempts uuid[], versions int[],
    outcomes smallint[], causes smallint[], states smallint[], waits float8[], steps int[], codes smallint[], errors text[], messages text[],
    agos int[], durations int[], urls text[], request_heads text[], response_heads text[], bodies bytea[], truncated boolean[], buckets smallint[],
    out last_position bigint, out has_switched boolean)
language plpgsql as $$
declare done uuid[]; gone uuid[]; logged int; n int; h record; told uuid; kinds smallint[] := '{}'; subjects uuid[] := '{}'; abouts uuid[] := '{}';
  crossed uuid[]; recovered boolean[]; faults timestamptz[];
begin
  last_position := 0; has_switched := false;
  gone := array(select w.id from webhook w where w.id = any(hooks) and w.deleted_at is not null);  -- the sweep has not cancelled them yet
  perform 1 from delivery d where d.id = any(ids) order by d.id for update;
  with fenced as (
    update delivery d set
        status = case when d.status = 0 and d.webhook_id = any(gone) then 4 when d.status = 0 or (d.manual_at is not null and r.outcome = 2 and d.next_cause is distinct from 0) then r.state else d.status end,
        finished_at = case when d.status = 0 and r.state = 0 and d.webhook_id <> all(gone) then null when d.status = 0 or (d.manual_at is not null and r.outcome = 2 and d.next_cause is distinct from 0) then now() else d.finished_at end,
        next_attempt_at = case when r.wait is null then d.next_attempt_at else now() + r.wait * interval '1 second' end,
        lease_token = null, manual_at = null, next_cause = null, schedule_step = r.step
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
    return;
  end if;
  perform 1 from webhook w where w.id = any(hooks) order by w.id for update;
  insert into webhook_stat as s (webhook_id, step, at, bucket, attempts, failures)
    select r.hook, 60, date_trunc('minute', now() - r.ago * interval '1 millisecond'), r.bucket, count(*), count(*) filter (where r.outcome = 3)
    from unnest(ids, hooks, outcomes, agos, buckets) r(id, hook, outcome, ago, bucket) where n = cardinality(ids) or r.id = any(done)
    group by 1, 3, 4 order by 1, 3, 4
    on conflict (webhook_id, step, at, bucket) do update set attempts = s.attempts + excluded.attempts, failures = s.failures + excluded.failures;
  with r as (
      select r.*, now() - r.ago * interval '1 millisecond' as began, now() - (r.ago - coalesce(r.duration, 0)) * interval '1 millisecond' as ended
      from unnest(ids, hooks, versions, outcomes, causes, states, codes, errors, agos, durations)
        with ordinality r(id, hook, version, outcome, cause, state, code, error, ago, duration, nth)
      where n = cardinality(ids) or r.id = any(done)),
    latest as (
      select distinct on (hook) hook, ended, code from r order by hook, nth desc),
    judged as (
      select r.*, r.outcome = 3 and r.cause < 3 and r.error is distinct from 'REFUSED_ADDRESS' and w.version = r.version and w.auto_disabled_at is null as counts
      from r join webhook w on w.id = r.hook),
    fold as (  -- the batch, in order: had a success, failures after the last one, 410s at the end, when they began and ended
      select hook, bool_or(outcome = 2) as had, max(ended) filter (where outcome = 2) as succeeded, count(*) filter (where counts and nth > good) as failures,
        (array_agg(began order by nth) filter (where counts and nth > good))[1] as since, max(ended) filter (where counts and nth > good) as failed,
        bool_or(outcome = 2 or (counts and code is distinct from 410)) as other, count(*) filter (where counts and code = 410 and nth > last_other) as gones,
        count(*) filter (where state = 3) as exhausted
      from (select j.*, coalesce(max(nth) filter (where outcome = 2) over (partition by hook), 0) as good,
              coalesce(max(nth) filter (where outcome = 2 or (counts and code is distinct from 410)) over (partition by hook), 0) as last_other
            from judged j) j
      group by hook),
    moved as (
      update webhook w set last_attempt_at = latest.ended, last_status_code = latest.code, last_success_at = coalesce(fold.succeeded, w.last_success_at),
          consecutive_failures = case when w.auto_disabled_at is not null then w.consecutive_failures else fold.failures + case when fold.had then 0 else w.consecutive_failures end end,
          failing_since = case when w.auto_disabled_at is not null then w.failing_since when fold.had or w.consecutive_failures = 0 then fold.since else w.failing_since end,
          consecutive_gone = fold.gones + case when fold.other then 0 else w.consecutive_gone end,
          exhausted_count = w.exhausted_count + fold.exhausted
        from fold join latest on latest.hook = fold.hook where w.id = fold.hook
        returning w.*, fold.had, fold.failed)
  select array_agg(id order by id), array_agg(had order by id), array_agg(failed order by id) into crossed, recovered, faults from moved
    where exhausted_count > 0 and (exhausted_told_at is null or exhausted_told_at < now() - interval '1 hour')
      or had and warned_at is not null and auto_disabled_at is null
      or failed is not null and auto_disable_failures is not null and is_active and deleted_at is null and auto_disabled_at is null
        and (consecutive_gone >= 3 or consecutive_failures * 2 >= auto_disable_failures and (failed - failing_since) * 2 >= auto_disable_seconds * interval '1 second');
  if crossed is not null then
    for h in
        select w.*, c.had and w.consecutive_failures = 0 and w.auto_disabled_at is null as is_well, c.failed - w.failing_since as span,
          c.failed is not null and w.auto_disable_failures is not null and w.is_active and w.deleted_at is null and w.auto_disabled_at is null as is_judged
        from unnest(crossed, recovered, faults) c(id, had, failed) join webhook w on w.id = c.id order by w.id loop
      if h.is_judged and (h.consecutive_gone >= 3 or h.consecutive_failures >= h.auto_disable_failures and h.span >= h.auto_disable_seconds * interval '1 second') then
        update webhook set auto_disabled_at = now(), warned_at = now(), auto_disabled_reason = case when h.consecutive_gone >= 3 then 'GONE' else 'FAILURES' end where id = h.id;
        told := hl_notify_1(h.id, 1::smallint, h.consecutive_failures);
        kinds := kinds || array[14, 30]::smallint[]; subjects := subjects || array[h.id, told]; abouts := abouts || array[h.id, h.id];
        has_switched := true;
        insert into audit_entry (id, workspace_id, action, actor, actor_name, at, subject_prefix, subject_id, before, after)
          values (hl_key_1(), workspace, 'webhook.autoDisable', '{"kind":"SYSTEM","name":"hookline"}', 'hookline', now(), 'wh', h.id, '{"status":"ACTIVE"}', '{"status":"AUTO_DISABLED"}');
      elsif h.is_judged and h.consecutive_failures * 2 >= h.auto_disable_failures and h.span * 2 >= h.auto_disable_seconds * interval '1 second'
          and (h.warned_at is null or h.warned_at < h.failing_since) then
        update webhook set warned_at = now() where id = h.id;
        told := hl_notify_1(h.id, 2::smallint, h.consecutive_failures);
        kinds := kinds || 30::smallint; subjects := subjects || told; abouts := abouts || h.id;
      elsif h.is_well and h.warned_at is not null then
        update webhook set warned_at = null where id = h.id;
        told := hl_notify_1(h.id, 3::smallint, null);
        kinds := kinds || 30::smallint; subjects := subjects || told; abouts := abouts || h.id;
      end if;
      if h.exhausted_count > 0 and (h.exhausted_told_at is null or h.exhausted_told_at < now() - interval '1 hour') then
        update webhook set exhausted_count = 0, exhausted_told_at = now() where id = h.id;
        told := hl_notify_1(h.id, 4::smallint, h.exhausted_count);
        kinds := kinds || 30::smallint; subjects := subjects || told; abouts := abouts || h.id;
      end if;
    end loop;
  end if;
  if has_switched then
    update workspace set match_version = match_version + 1 where id = hl_record_2.workspace;
  end if;
  update workspace_activity set position = position + n + cardinality(kinds) where workspace_id = workspace returning position into last_position;
  insert into activity (workspace_id, position, kind, subject_id, webhook_id)
    select workspace, last_position - cardinality(kinds) - n + row_number() over (order by r.nth), 1, r.attempt, r.hook
    from unnest(ids, attempts, hooks) with ordinality r(id, attempt, hook, nth) where n = cardinality(ids) or r.id = any(done);
  if cardinality(kinds) > 0 then
    insert into activity (workspace_id, position, kind, subject_id, webhook_id)
      select workspace, last_position - cardinality(kinds) + e.nth, e.kind, e.subject, e.about from unnest(kinds, subjects, abouts) with ordinality e(kind, subject, about, nth);
  end if;
end $$"""

# As version 2, and: the cause of a test stays one, what ran out of retries is counted for its webhook's next word.
TAKEOVER = """
create function hl_takeover_3(dead_after interval) returns int language plpgsql as $$
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
      select hl_key_1(), d.workspace_id, d.id, d.webhook_id, d.event_id, d.event_type, d.environment, d.attempt_count, 9,
        coalesce(nullif(d.next_cause, 0), case when d.manual_at is not null then 3 when d.schedule_step = 0 then 1 else 2 end), false, now()
      from delivery d where d.id = any(lost) order by d.id on conflict (delivery_id, number) do nothing;
    perform 1 from webhook w where w.id in (select webhook_id from delivery where id = any(lost)) order by w.id for update;
    update webhook w set exhausted_count = exhausted_count + x.count
      from (select d.webhook_id, count(*) from delivery d join webhook h on h.id = d.webhook_id
            where d.id = any(lost) and d.status = 0 and d.manual_at is null and h.deleted_at is null and (h.retry_schedule::jsonb ->> d.schedule_step) is null group by 1) x
      where w.id = x.webhook_id;
    update delivery d set lease_token = null, manual_at = null, next_cause = null, schedule_step = d.schedule_step + (d.manual_at is null)::int,
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
end $$"""


class Migration(NotedMigration):
    dependencies = [("models", "0005_abilities")]
    operations = [
        Sql(postgres=TABLES["postgres"], sqlite=TABLES["sqlite"]),
        Sql(
            *INDEXES,
            postgres=(*PAUSES["postgres"], KEY, NOTIFY, RECORD, TAKEOVER),
            sqlite=PAUSES["sqlite"],
        ),
    ]
