-- hl_record_late: a lease was lost and a takeover wrote the attempt as UNKNOWN; what was really
-- sent and answered replaces that row's evidence, and nothing else. Part of hl_record, arguments
-- as there; runs only when hl_record_log wrote less than the batch.
create function hl_record_late(
    ids uuid[], numbers int[], outcomes smallint[], codes smallint[], errors text[],
    messages text[], ages_ms int[], durations int[], urls text[], request_heads text[],
    response_heads text[], bodies bytea[], truncated boolean[])
returns void language plpgsql as $$
begin
  update attempt a set outcome = r.outcome, status_code = r.code, error_code = r.error,
      error_message = r.message, started_at = now() - r.age_ms * interval '1 millisecond',
      duration_ms = r.duration, request_url = r.url, request_headers = r.request_head,
      response_headers = r.response_head, response_body = r.body, response_truncated = r.truncated
    from unnest(ids, numbers, outcomes, codes, errors, messages, ages_ms, durations, urls,
        request_heads, response_heads, bodies, truncated)
      r(id, number, outcome, code, error, message, age_ms, duration, url, request_head,
        response_head, body, truncated)
    where a.delivery_id = r.id and a.number = r.number and a.outcome = 9;
end $$
