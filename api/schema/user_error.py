"""Errors that a person can correct, as mutations answer them. Every payload of the schema has a
list of these.
"""

from enum import Enum

import strawberry

from hookline.errors import Problem, Refused


@strawberry.enum(
    description="What kind of mistake it is. Codes are stable; messages are for people and may "
    "change."
)
class UserErrorCode(Enum):
    REQUIRED = strawberry.enum_value("REQUIRED", description="Something is missing.")
    INVALID = strawberry.enum_value(
        "INVALID", description="The value does not have the form that is needed."
    )
    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="There is nothing with this id.")
    TAKEN = strawberry.enum_value("TAKEN", description="Something else has this name already.")
    TOO_LONG = strawberry.enum_value("TOO_LONG", description="The value is too long or too large.")
    TOO_MANY = strawberry.enum_value("TOO_MANY", description="The list has too many items.")
    OUT_OF_RANGE = strawberry.enum_value(
        "OUT_OF_RANGE", description="The value is too small, too large or over."
    )
    NOT_ALLOWED = strawberry.enum_value(
        "NOT_ALLOWED", description="It can't be done now, or not with this token."
    )
    VERSION_CONFLICT = strawberry.enum_value(
        "VERSION_CONFLICT", description="Somebody else changed it meanwhile: read it again."
    )
    FIELD_MANAGED = strawberry.enum_value(
        "FIELD_MANAGED", description="A YAML file owns this: change it there."
    )
    IDEMPOTENCY_CONFLICT = strawberry.enum_value(
        "IDEMPOTENCY_CONFLICT", description="The idempotency key was used for another event."
    )
    SCHEMA_MISMATCH = strawberry.enum_value(
        "SCHEMA_MISMATCH", description="The data does not fit the event type's schema."
    )
    DATA_EXPIRED = strawberry.enum_value(
        "DATA_EXPIRED", description="The event's data is no longer kept."
    )
    NOT_AVAILABLE = strawberry.enum_value(
        "NOT_AVAILABLE", description="This release does not have it yet."
    )


@strawberry.type(
    description="One thing that is wrong with an input. A mutation that answers any of these has "
    "changed nothing."
)
class UserError:
    field: list[str] | None = strawberry.field(
        description='The path to the value, such as ["input", "headers", "0", "name"].'
    )
    message: str = strawberry.field(description="What is wrong and what to do, for people.")
    code: UserErrorCode = strawberry.field(description="The kind of mistake, for programs.")


def user_error(problem: Problem) -> UserError:
    """The problem, seen from the mutation: its path begins with the argument."""
    return UserError(
        field=["input", *problem.field],
        message=problem.message,
        code=UserErrorCode(str(problem.code)),
    )


def user_errors(refused: Refused) -> list[UserError]:
    return [user_error(problem) for problem in refused.problems]
