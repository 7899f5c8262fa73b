"""Table of the outbox and every statement on it, for PostgreSQL (12 and newer) and SQLite (3.35 and
newer). Times are Unix times, so that one text is for both.
"""

DIALECTS = ("postgresql", "sqlite")
_CREATE = """\
-- Events that hookline-client writes in your transactions, and its relay publishes.
create table hookline_outbox (
  id {identity},
  idempotency_key text not null,
  type text not null,
  environment text not null,
  data text not null,
  occurred_at text,
  created_at double precision not null,
  leased_until double precision not null default 0,
  failures integer not null default 0,
  sent_at double precision,
  set_aside_at double precision,
  error text
);
create index hookline_outbox_waiting on hookline_outbox (id)
  where sent_at is null and set_aside_at is null;
create index hookline_outbox_sent on hookline_outbox (sent_at) where sent_at is not null;
create index hookline_outbox_set_aside on hookline_outbox (id) where set_aside_at is not null;
"""
_IDENTITIES = {
    "postgresql": "bigint generated always as identity primary key",
    # A number is never given twice, also when the newest rows are gone.
    "sqlite": "integer primary key autoincrement",
}
INSERT = (
    "insert into hookline_outbox "
    "(idempotency_key, type, environment, data, occurred_at, created_at) "
    "values (?, ?, ?, ?, ?, ?)"
)
LEASE = """
with due as materialized (
  select id from hookline_outbox
  where sent_at is null and set_aside_at is null and leased_until <= ?
  order by id limit ?{skipping}
)
update hookline_outbox set leased_until = ? where id in (select id from due)
returning id, idempotency_key, type, environment, data, occurred_at, failures"""
"""Takes the oldest rows that no other relay has. Parameters: now, count, end of the lease."""
SKIPPING = {"postgresql": " for update skip locked", "sqlite": ""}
MARK_SENT = (
    "update hookline_outbox set sent_at = ?, leased_until = 0, error = null "
    "where id in ({ids}) and sent_at is null"
)
SET_ASIDE = (
    "update hookline_outbox set set_aside_at = ?, error = ?, leased_until = 0 "
    "where id = ? and sent_at is null"
)
COUNT_FAILURE = (
    "update hookline_outbox set failures = failures + 1, error = ?, leased_until = 0 "
    "where id = ? and sent_at is null"
)
RELEASE = "update hookline_outbox set leased_until = 0 where id in ({ids}) and sent_at is null"
DELETE_SENT = """
delete from hookline_outbox where id in (
  select id from hookline_outbox where sent_at <= ? order by sent_at limit ?
)"""
LOOK = """
select count(*), min(created_at) from hookline_outbox
where sent_at is null and set_aside_at is null"""
LIST_SET_ASIDE = """
select id, type, idempotency_key, set_aside_at, error from hookline_outbox
where set_aside_at is not null order by id limit ?"""
PUT_BACK = """
update hookline_outbox set set_aside_at = null, error = null, failures = 0
where set_aside_at is not null{some}"""


def create_table(dialect: str) -> str:
    """Returns the statements that make the table. Raises ValueError.

    Example: `create_table("sqlite")`
    """
    if dialect not in _IDENTITIES:
        raise ValueError(f"{dialect} is none of {', '.join(DIALECTS)}.")
    return _CREATE.format(identity=_IDENTITIES[dialect])


def statements(dialect: str) -> list[str]:
    """Returns the same one by one, for migrations: `connection.vendor` of Django and `dialect.name`
    of SQLAlchemy are dialects.

    Example: `for statement in statements("sqlite"): connection.execute(statement)`
    """
    return [text.strip() for text in create_table(dialect).split(";\n") if text.strip()]


def with_markers(statement: str, paramstyle: str) -> str:
    """Returns the statement with the driver's own marks of parameters instead of `?`."""
    if paramstyle == "qmark":
        return statement
    if paramstyle in {"format", "pyformat"}:
        return statement.replace("?", "%s")
    if paramstyle == "numeric_dollar":
        first, *rest = statement.split("?")
        return first + "".join(f"${number}{part}" for number, part in enumerate(rest, 1))
    raise TypeError(f"Drivers of the parameter style {paramstyle} are not known here.")
