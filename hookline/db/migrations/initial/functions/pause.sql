-- hl_pause: the trigger on a webhook's switches. Begins or ends a row of webhook_pause, so that no
-- code path can forget when a webhook was off. Runs under the lock of the webhook's own row.
create function hl_pause() returns trigger language plpgsql as $$
begin
  if new.is_active and new.deleted_at is null and new.auto_disabled_at is null then
    update webhook_pause set ended_at = now() where webhook_id = new.id and ended_at is null;
  else
    insert into webhook_pause (webhook_id, began_at) values (new.id, now()) on conflict do nothing;
  end if;
  return null;
end $$
