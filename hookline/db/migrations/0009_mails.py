"""The record says which mails it has written, so that their actors are told at once instead of found by a scheduler."""

from importlib import import_module

from hookline.db.migration_log import NotedMigration, Sql

_CHANGES = (
    ("create function hl_record_2(", "create function hl_record_3("),
    (
        "out has_switched boolean)",
        "out has_switched boolean, out notified uuid[], out addresses text[])",
    ),
    ("where id = hl_record_2.workspace;", "where id = hl_record_3.workspace;"),
    (
        "  if cardinality(kinds) > 0 then\n",
        """  if cardinality(kinds) > 0 then
    select array_agg(e.notification_id), array_agg(e.address) into notified, addresses from email e where e.notification_id = any(subjects);
""",
    ),
)


def _record() -> str:
    """As version 2, and: the receipts that it wrote, as two arrays side by side."""
    text: str = import_module("hookline.db.migrations.0006_health").RECORD
    for before, after in _CHANGES:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


class Migration(NotedMigration):
    dependencies = [("models", "0008_lists")]
    operations = [Sql(postgres=(_record(),))]
