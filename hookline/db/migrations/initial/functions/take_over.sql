-- hl_take_over: ends one dead pump. Its attempts were begun by a claim; nobody knows whether they
-- were sent: each is written as UNKNOWN and uses a step of the schedule.
--   dead_after  a pump without a beat for this long, by the database's clock, is dead
-- Locks in this order: the pump, its deliveries by id, their webhooks by id, each workspace's
-- activity position by workspace; a second at most, since the sweep names nothing due meanwhile.
-- Leases are where the due index and the manual index find them: an open delivery's in the first, a
-- finished one's in the second (it was asked for by hand, and the sweep cancels nothing that is
-- leased).
-- Returns how many deliveries that were; -1: no pump is dead.
create function hl_take_over(dead_after interval) returns int
language plpgsql set lock_timeout = '1s' as $$
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
end $$
