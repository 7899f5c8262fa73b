-- hl_act: does what hookline.deliveries.health.decide said about webhooks that crossed a line, in
-- a transaction of its own after hl_record's. One array element per decision.
--   words     NotificationKind; reasons: FAILURES or GONE of an auto-deactivation
--   versions  the webhook's, sinces: its failing_since, when it was judged: the evidence. A
--             decision whose evidence is gone, or that somebody else has carried out, does nothing
-- Locks in this order: webhooks by id, the match version, the activity position.
-- Returns the activity's position, null when nothing was done; whether a webhook was turned off;
-- and the mails that it wrote, as two arrays side by side.
create function hl_act(
    workspace uuid, hooks uuid[], words smallint[], reasons text[], versions int[],
    sinces timestamptz[], out last_position bigint, out has_switched boolean,
    out notified uuid[], out addresses text[])
language plpgsql as $$
declare a record; failed int; told uuid; kinds smallint[] := '{}'; subjects uuid[] := '{}';
  abouts uuid[] := '{}';
begin
  has_switched := false;
  perform 1 from webhook w where w.id = any(hooks) order by w.id for update;
  for a in
      select * from unnest(hooks, words, reasons, versions, sinces) with ordinality
        d(hook, word, reason, version, since, nth) order by nth loop
    failed := hl_act_on(a.hook, a.word, a.reason, a.version, a.since);
    continue when failed is null;
    if a.word = 1 then
      has_switched := true;
      kinds := kinds || 14::smallint;
      subjects := subjects || a.hook;
      abouts := abouts || a.hook;
    end if;
    told := hl_notify(a.hook, a.word, nullif(failed, 0));
    kinds := kinds || 30::smallint;
    subjects := subjects || told;
    abouts := abouts || a.hook;
  end loop;
  if cardinality(kinds) = 0 then
    return;
  end if;
  select array_agg(e.notification_id), array_agg(e.address) into notified, addresses
    from email e where e.notification_id = any(subjects);
  -- Only then: every change of it makes all processes load the workspace anew.
  if has_switched then
    update workspace set match_version = match_version + 1 where id = hl_act.workspace;
  end if;
  update workspace_activity set position = position + cardinality(kinds)
    where workspace_id = workspace returning position into last_position;
  insert into activity (workspace_id, position, kind, subject_id, webhook_id)
    select workspace, last_position - cardinality(kinds) + e.nth, e.kind, e.subject, e.about
    from unnest(kinds, subjects, abouts) with ordinality e(kind, subject, about, nth);
end $$
