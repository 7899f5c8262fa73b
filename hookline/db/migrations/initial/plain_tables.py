"""The engine's own tables, which no model knows, the trigger that notes when a webhook was off, and
the first workspace.
"""

POSTGRES_TABLES = (
    # A row that every record changes: room for HOT in its page.
    """create table workspace_activity (workspace_id uuid primary key, position bigint not null)
    with (fillfactor = 10)""",
    """create table activity (workspace_id uuid not null, position bigint not null,
    kind smallint not null, subject_id uuid not null, webhook_id uuid,
    primary key (workspace_id, position))""",
    """create table idempotency (workspace_id uuid not null, key text not null,
    event_id uuid not null, fingerprint bytea not null, expires_at timestamptz not null,
    primary key (workspace_id, key))""",
    # The same for the row that every beat changes.
    # on_wire: ids of deliveries whose requests take longer than a moment, for people who look
    """create table pump (token uuid primary key, process text not null,
    beat_at timestamptz not null, on_wire text not null default '') with (fillfactor = 10)""",
    "create table vault_key (name text primary key, sealed text not null)",
    # room for HOT: a claim and a record change the row in its page
    "alter table delivery set (fillfactor = 70)",
    "alter table webhook set (fillfactor = 50)",
    # attempts of a webhook by minute (step 60) or hour (3600) and by class of their duration
    # (hookline.deliveries.histogram)
    """create table webhook_stat (webhook_id uuid not null, step int not null,
    at timestamptz not null, bucket smallint not null, attempts int not null,
    failures int not null, primary key (webhook_id, step, at, bucket)) with (fillfactor = 50)""",
    # a time in which a webhook was off, why, and what it would have received: one row for each form
    # that it had meanwhile, the first of which says `first` (hookline.deliveries.pauses). off_at,
    # on_at: when it went off and on again, whatever was edited meanwhile
    """create table webhook_pause (workspace_id uuid not null, webhook_id uuid not null,
    number int not null, first int not null, off_at timestamptz not null, on_at timestamptz,
    began_at timestamptz not null, ended_at timestamptz, cause text not null, actor text not null,
    environments text not null, events text not null, event_filter text,
    primary key (workspace_id, webhook_id, number))""",
    # what a template made for a delivery's first attempt, for its retries
    "create table delivery_body (delivery_id uuid primary key, body bytea not null)",
    # how far a sweep through a table has come that leaves its rows where they are
    "create table retention (name text primary key, position uuid not null)",
    # the latest tries to write to a mailbox, whoever's mails they were, and whether it wants none
    """create table mailbox (address text primary key, tries text not null,
    touched_at timestamptz not null, refused_at timestamptz)""",
    # a workspace's question to a mailbox, and its answer
    """create table mail_consent (address text not null, workspace_id uuid not null,
    token_digest bytea not null, asks int not null, asked_at timestamptz not null,
    ask_again_at timestamptz not null, expires_at timestamptz not null, confirmed_at timestamptz,
    primary key (address, workspace_id))""",
    # requests that a listener's command takes, each until its attempt has ended, and its answer
    # (hookline.webhooks.listener_requests); headers, answer: JSON
    """create table listener_request (id uuid primary key, webhook_id uuid not null,
    delivery_id uuid not null, headers text not null, body bytea not null, timeout_ms int not null,
    created_at timestamptz not null, answer text, answer_body bytea)""",
)

# The same for SQLite: keys are 16 bytes, times are microseconds since 1970.
SQLITE_TABLES = (
    """create table workspace_activity (workspace_id blob primary key, position integer not null)
    without rowid""",
    """create table activity (workspace_id blob not null, position integer not null,
    kind integer not null, subject_id blob not null, webhook_id blob,
    primary key (workspace_id, position)) without rowid""",
    """create table idempotency (workspace_id blob not null, key text not null,
    event_id blob not null, fingerprint blob not null, expires_at integer not null,
    primary key (workspace_id, key)) without rowid""",
    """create table pump (token blob primary key, process text not null, beat_at integer not null,
    on_wire text not null default '') without rowid""",
    "create table vault_key (name text primary key, sealed text not null) without rowid",
    """create table webhook_stat (webhook_id blob not null, step integer not null,
    at integer not null, bucket integer not null, attempts integer not null,
    failures integer not null, primary key (webhook_id, step, at, bucket)) without rowid""",
    """create table webhook_pause (workspace_id blob not null, webhook_id blob not null,
    number integer not null, first integer not null, off_at integer not null, on_at integer,
    began_at integer not null, ended_at integer, cause text not null, actor text not null,
    environments text not null, events text not null, event_filter text,
    primary key (workspace_id, webhook_id, number))""",
    "create table delivery_body (delivery_id blob primary key, body blob not null)",
    "create table retention (name text primary key, position blob not null)",
    """create table mailbox (address text primary key, tries text not null,
    touched_at integer not null, refused_at integer) without rowid""",
    """create table mail_consent (address text not null, workspace_id blob not null,
    token_digest blob not null, asks integer not null, asked_at integer not null,
    ask_again_at integer not null, expires_at integer not null, confirmed_at integer,
    primary key (address, workspace_id)) without rowid""",
    """create table listener_request (id blob primary key, webhook_id blob not null,
    delivery_id blob not null, headers text not null, body blob not null, timeout_ms integer not null,
    created_at integer not null, answer text, answer_body blob)""",
)

# one fixed key, so that every database calls its first workspace the same
_WORKSPACE = "01900000000070008000000000000001"
POSTGRES_ROWS = (
    f"""insert into workspace (id, slug, name, match_version, created_at)
    values ('{_WORKSPACE}', 'default', 'Default', 1, now())""",
    f"insert into workspace_activity (workspace_id, position) values ('{_WORKSPACE}', 0)",
)
SQLITE_ROWS = (
    f"""insert into workspace (id, slug, name, match_version, created_at)
    values (x'{_WORKSPACE}', 'default', 'Default', 1, unixepoch() * 1000000)""",
    f"insert into workspace_activity (workspace_id, position) values (x'{_WORKSPACE}', 0)",
)

# Off is what can go on again: what a deleted webhook does not receive, nobody misses.
_OFF_OLD, _OFF_NEW = (
    f"({row}.deleted_at is null and not ({row}.is_active and {row}.auto_disabled_at is null))"
    for row in ("old", "new")
)
_WATCHED = (
    *("is_active", "deleted_at", "auto_disabled_at"),
    *("environments", "events", "event_filter"),
)
# Columns of the hot path are not among them: a record fires none of these.
_UPDATED = f"after update of {', '.join(_WATCHED)} on webhook"
_CHANGES = {
    operator: f"({_OFF_OLD} or {_OFF_NEW}) and ("
    + " or ".join(f"old.{name} {operator} new.{name}" for name in _WATCHED)
    + ")"
    for operator in ("is distinct from", "is not")
}
POSTGRES_TRIGGERS = (
    f"""create trigger webhook_pauses {_UPDATED} for each row
    when ({_CHANGES["is distinct from"]}) execute function hl_pause()""",
    f"""create trigger webhook_begins_paused after insert on webhook for each row
    when ({_OFF_NEW}) execute function hl_pause()""",
)
_NOW = "cast((julianday('now') - 2440587.5) * 86400000000 as integer)"
# hl_pause of PostgreSQL (functions/pause.sql), whose comments say more.
_OF_IT = "workspace_id = new.workspace_id and webhook_id = new.id"
_LAST = f"(select max(number) from webhook_pause where {_OF_IT})"
_PAUSE = f"""begin
  insert into webhook_pause (workspace_id, webhook_id, number, first, off_at, began_at, cause,
      actor, environments, events, event_filter)
    select new.workspace_id, new.id, coalesce(l.number, 0) + 1,
      case when l.is_open then l.first else coalesce(l.number, 0) + 1 end,
      case when l.is_open then l.off_at else {_NOW} end, {_NOW}, c.cause,
      case when l.is_open and l.cause = c.cause then l.actor else new.modified_by end,
      new.environments, new.events, new.event_filter
    from (select case when new.is_active
      then coalesce(new.auto_disabled_reason, 'FAILURES') else 'INACTIVE' end as cause) c
    left join (select number, first, off_at, ended_at is null as is_open, cause, actor
      from webhook_pause where {_OF_IT} order by number desc limit 1) l on true
    where {_OFF_NEW};
  update webhook_pause set began_at = min(began_at, {_NOW}), ended_at = max(began_at, {_NOW})
    where {_OF_IT} and number >= {_LAST} - 1 and ended_at is null
      and (not {_OFF_NEW} or number < {_LAST});
  update webhook_pause set on_at = max(off_at, {_NOW})
    where {_OF_IT} and not {_OFF_NEW} and on_at is null
      and number >= (select first from webhook_pause where {_OF_IT} order by number desc limit 1);
end"""
SQLITE_TRIGGERS = (
    f"create trigger webhook_pauses {_UPDATED} when {_CHANGES['is not']} {_PAUSE}",
    f"create trigger webhook_begins_paused after insert on webhook when {_OFF_NEW} {_PAUSE}",
)
