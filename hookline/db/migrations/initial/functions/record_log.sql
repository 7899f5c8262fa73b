-- hl_record_log: writes ended attempts into the log. Part of hl_record; arguments as there.
-- Locks nothing: an attempt of this delivery and number that is there already stays.
-- Returns how many were written.
create function hl_record_log(
    workspace uuid, ids uuid[], numbers int[], webhooks uuid[], events uuid[], types text[],
    environments text[], attempts uuid[], outcomes smallint[], causes smallint[],
    states smallint[], waits float8[], codes smallint[], errors text[], messages text[],
    ages_ms int[], durations int[], urls text[], request_heads text[], response_heads text[],
    bodies bytea[], truncated boolean[])
returns int language plpgsql as $$
declare logged int;
begin
  insert into attempt (id, workspace_id, delivery_id, webhook_id, event_id, event_type, environment,
      number, outcome, cause, request_url, request_headers, status_code, response_headers,
      response_body, response_truncated, error_code, error_message, started_at, duration_ms,
      next_attempt_at)
    select r.attempt, workspace, r.id, r.webhook, r.event, r.type, r.environment,
      r.number, r.outcome, r.cause, r.url, r.request_head, r.code, r.response_head,
      r.body, r.truncated, r.error, r.message, now() - r.age_ms * interval '1 millisecond',
      r.duration, case when r.state = 0 and r.wait is not null
        then now() + r.wait * interval '1 second' end
    from unnest(attempts, ids, webhooks, events, types, environments, numbers, outcomes, causes,
        states, waits, codes, errors, messages, ages_ms, durations, urls, request_heads,
        response_heads, bodies, truncated)
      r(attempt, id, webhook, event, type, environment, number, outcome, cause, state, wait, code,
        error, message, age_ms, duration, url, request_head, response_head, body, truncated)
    on conflict (delivery_id, number) do nothing;
  get diagnostics logged = row_count;
  return logged;
end $$
