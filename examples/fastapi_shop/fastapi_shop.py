"""A shop with FastAPI and SQLAlchemy: an order, its goods and its event are one transaction. Serve
it with uvicorn; `hookline-outbox relay` publishes the events.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy import create_engine, inspect, text

from hookline_client import outbox

engine = create_engine(os.environ.get("SHOP_DATABASE", "sqlite:///shop.db"))


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Makes the tables at the first start; a larger shop does so in a migration of Alembic."""
    if not inspect(engine).has_table("orders"):
        with engine.begin() as connection:
            connection.execute(text("create table stock (sku text primary key, quantity integer)"))
            connection.execute(text("insert into stock values ('mug', 10)"))
            connection.execute(
                text("create table orders (id text primary key, sku text, quantity integer)")
            )
            for statement in outbox.statements(engine.dialect.name):
                connection.execute(text(statement))
    yield


app = FastAPI(lifespan=lifespan)


class NewOrder(BaseModel):
    """An order as a customer sends it."""

    sku: str
    quantity: int = Field(ge=1, le=1_000)


@app.post("/orders", status_code=201)
def take_order(order: NewOrder) -> dict[str, str]:
    """Takes an order. Whoever listens to order.order.create learns of it, if it was taken."""
    row = {"id": uuid4().hex, **order.model_dump()}
    with engine.begin() as connection:
        connection.execute(text("insert into orders values (:id, :sku, :quantity)"), row)
        outbox.publish(connection, "order.order.create", row, environment="production")
        taken = connection.execute(
            text(
                "update stock set quantity = quantity - :quantity "
                "where sku = :sku and quantity >= :quantity"
            ),
            row,
        )
        if not taken.rowcount:
            # Ends the transaction: the order and its event have never been.
            raise HTTPException(409, f"There are not {order.quantity} of {order.sku}.")
    return {"id": row["id"]}
