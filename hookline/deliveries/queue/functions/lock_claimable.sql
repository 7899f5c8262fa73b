-- hl_lock_claimable: locks unleased deliveries of a webhook, those asked for by hand first, then
-- the oldest due while the webhook is on. What another transaction holds is skipped.
-- Called by hl_claim_paced.
-- Returns at most room ids.
create function hl_lock_claimable(of_webhook uuid, room int, is_on boolean) returns uuid[]
language plpgsql as $$
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
        where is_on and d.status = DeliveryState.OPEN and d.webhook_id = of_webhook
          and d.next_attempt_at <= now() and d.lease_token is null and d.manual_at is null
        order by d.next_attempt_at limit room for update skip locked) due
      limit room) d);
end $$
