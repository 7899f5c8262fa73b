"""Keeps what Tortoise (1.1.9) works out anew for every model when a database is opened: filters,
fields and queries to begin with. It is always the same for a kind of database, and takes 4 of the 8
ms of CPU that a runtime takes to open (2026-11).
"""

from typing import Any

from tortoise.apps import Apps
from tortoise.models import MetaInfo, Model

_LISTS = ("db_default_fields", "db_complex_fields", "db_native_fields")
"""Tortoise empties and fills them where they are."""
_KEPT = (
    *_LISTS,
    "filters",
    "db_fields",
    "fields",
    "fields_db_projection_reverse",
    "fetch_fields",
    "generated_db_fields",
    "basetable",
    "basequery",
    "basequery_all_fields",
)
_kept: dict[tuple[type[Model], type], dict[str, Any]] = {}  # Any: of Tortoise
_build = Apps._build_initial_querysets


def keep_models() -> None:
    """Replaces Tortoise's method for our models."""
    setattr(Apps, "_build_initial_querysets", _build_once)  # noqa: B010  # mypy: not ours to assign


def _build_once(apps: Apps) -> None:
    models = [model for app in apps.values() for model in app.values()]
    # a migration makes models of its own, which go
    if not all(model.__module__.startswith("hookline.models") for model in models):
        _build(apps)
        return
    keys = [(model, model._meta.db.executor_class) for model in models]
    if not all(key in _kept for key in keys):
        for model in models:
            _begin_anew(model._meta)
        _build(apps)
        for key in keys:
            _kept[key] = {name: getattr(key[0]._meta, name) for name in _KEPT}
    for key in keys:
        for name, value in _kept[key].items():
            setattr(key[0]._meta, name, value)


def _begin_anew(meta: MetaInfo) -> None:
    meta.filters = {}
    for name in _LISTS:
        setattr(meta, name, [])
