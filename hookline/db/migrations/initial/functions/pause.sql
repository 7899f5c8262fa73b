-- hl_pause: the trigger on a webhook's switches and on what it wants. Keeps in webhook_pause when
-- it was off, why, and what it would have received then, so that no code path can forget it: one
-- row for each form that it had while it was off. Runs under the lock of the webhook's own row.
create function hl_pause() returns trigger language plpgsql as $$
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
end $$
