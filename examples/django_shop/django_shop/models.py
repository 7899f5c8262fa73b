"""Rows that the shop keeps. The table of the outbox is made by the migration and has no model."""

from django.db import models


class Stock(models.Model):
    """Goods that can be ordered."""

    sku = models.CharField(max_length=40, primary_key=True)
    quantity = models.PositiveIntegerField()


class Order(models.Model):
    """An order that was taken."""

    sku = models.CharField(max_length=40)
    quantity = models.PositiveIntegerField()
