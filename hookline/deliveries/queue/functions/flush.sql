-- hl_flush: has all that was committed before it on disk, and on the standbys that a commit waits
-- for, once its own transaction is committed. It writes the least that there is: without any write
-- a commit would wait for nothing.
create function hl_flush() returns pg_lsn language sql as $$
  select pg_logical_emit_message(true, 'hookline', ''::text);
$$
