-- hl_apply_decision: carries one decision out, once: the where clauses are the fence, parts of the
-- conditions of hookline.deliveries.health.notifications_due (as in sqlite_health.APPLY). Part of
-- hl_apply_decisions, which holds the webhook's row; arguments as there.
-- Returns what the notification counts (attempts in a row, or deliveries; 0: nothing), null when
-- no notification is due: another transaction did it, or the evidence is gone.
create function hl_apply_decision(
    of_webhook uuid, kind smallint, reason text, seen_version int, since timestamptz)
returns int language plpgsql as $$
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
end $$
