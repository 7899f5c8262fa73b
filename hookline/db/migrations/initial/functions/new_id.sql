-- hl_new_id: a new UUIDv7. 48 bits of milliseconds over a random UUID, whose version's 0100 gets
-- its two other bits. Locks nothing.
create function hl_new_id() returns uuid language sql volatile as $$
  select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing
    substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1),
    52, 1), 53, 1), 'hex')::uuid
$$
