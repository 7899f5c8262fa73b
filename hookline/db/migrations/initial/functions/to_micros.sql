-- hl_to_micros: a time as microseconds since 1970, exact; null stays null.
create function hl_to_micros(at timestamptz) returns bigint language sql stable as $$
  select (extract(epoch from at) * 1000000)::bigint
$$
