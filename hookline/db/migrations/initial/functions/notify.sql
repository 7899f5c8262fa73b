-- hl_notify: writes a notification about a webhook as it is now, and a mail to each address that
-- wants this kind. Called by hl_apply_decisions, which holds the webhook's row; locks nothing
-- itself.
--   kind    NotificationKind
--   failed  attempts in a row or deliveries that the notification names; null: none
-- Returns the notification's id.
create function hl_notify(of_webhook uuid, kind smallint, failed int) returns uuid
language plpgsql as $$
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
end $$
