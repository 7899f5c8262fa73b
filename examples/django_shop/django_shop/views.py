"""Takes orders: an order, its goods and its event are one transaction."""

import json

from django.db import connection, transaction
from django.db.models import F
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from django_shop.models import Order, Stock
from hookline_client import outbox


class OutOfStock(Exception):
    """There are not as many as were ordered."""


@csrf_exempt  # called by programs, without cookies
@require_POST
def take_order(request: HttpRequest) -> JsonResponse:
    """Takes an order. Whoever listens to order.order.create learns of it, if it was taken."""
    try:
        given = json.loads(request.body)
        sku, quantity = str(given["sku"]), int(given["quantity"])
    except (ValueError, KeyError, TypeError):
        return JsonResponse({"detail": "Send sku and quantity as JSON."}, status=400)
    if not 1 <= quantity <= 1_000:
        return JsonResponse({"detail": "quantity is 1 to 1,000."}, status=400)
    try:
        order = _take(sku, quantity)
    except OutOfStock:
        return JsonResponse({"detail": f"There are not {quantity} of {sku}."}, status=409)
    return JsonResponse({"id": str(order.pk)}, status=201)


@transaction.atomic
def _take(sku: str, quantity: int) -> Order:
    order: Order = Order.objects.create(sku=sku, quantity=quantity)
    data = {"id": str(order.pk), "sku": sku, "quantity": quantity}
    outbox.publish(connection, "order.order.create", data, environment="production")
    enough = Stock.objects.filter(sku=sku, quantity__gte=quantity)
    if not enough.update(quantity=F("quantity") - quantity):
        # Ends the transaction: the order and its event have never been.
        raise OutOfStock
    return order
