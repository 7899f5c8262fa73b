"""The shop's tables with ten mugs, and the outbox."""

from typing import Any

from django.db import migrations, models

from hookline_client import outbox


def make_outbox(apps: Any, editor: Any) -> None:
    for statement in outbox.statements(editor.connection.vendor):
        editor.execute(statement)


def fill_stock(apps: Any, editor: Any) -> None:
    apps.get_model("django_shop", "Stock").objects.create(sku="mug", quantity=10)


class Migration(migrations.Migration):
    operations = (
        migrations.CreateModel(
            "Stock",
            [
                ("sku", models.CharField(max_length=40, primary_key=True)),
                ("quantity", models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            "Order",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("sku", models.CharField(max_length=40)),
                ("quantity", models.PositiveIntegerField()),
            ],
        ),
        migrations.RunPython(make_outbox),
        migrations.RunPython(fill_stock),
    )
