-- hl_apply_decisions: does what hookline.deliveries.health.decide said about webhooks that crossed
-- a line, in a transaction of its own after hl_record's. One array element per decision.
--   kinds     NotificationKind; reasons: FAILURES or GONE of an auto-disable
--   versions  the webhook's, sinces: its failing_since, when it was judged: the evidence. A
--             decision whose evidence is gone, or that has been carried out already, does nothing
-- Locks in this order: webhooks by id, the match version, the activity position. Waits for
-- a second at most, since other workspaces' records wait too: what is not done now is due again
-- with the webhook's next attempt.
-- Returns the activity's position, null when nothing was done; whether a webhook was turned off;
-- and the mails that it wrote, as two arrays side by side.
create function hl_apply_decisions(
    workspace uuid, webhooks uuid[], kinds smallint[], reasons text[], versions int[],
    sinces timestamptz[], out last_position bigint, out has_auto_disabled boolean,
    out notified uuid[], out addresses text[])
language plpgsql set lock_timeout = '1s' as $$
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
end $$
