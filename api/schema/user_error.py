"""Errors that a person can correct, as mutations answer them. Every payload of the schema has a
list of these.
"""

import strawberry

from api.schema.enums import UserErrorCode
from hookline.errors import Problem, Refused


@strawberry.type(
    description="An error in the input of a mutation. A mutation that returns user errors "
    "has changed nothing."
)
class UserError:
    field: list[str] | None = strawberry.field(
        description='Path of the value in the arguments, such as ["input", "headers", "0", "name"].'
    )
    message: str = strawberry.field(
        description=(
            "Explanation of the error and its correction, for people: a sentence that can be "
            "shown without the field."
        )
    )
    code: UserErrorCode = strawberry.field(description="Code of the error, for programs.")


def user_error(problem: Problem) -> UserError:
    """Makes the GraphQL error of a problem: its path begins with the argument."""
    return UserError(
        # each mutation has one argument, input
        field=["input", *problem.field],
        message=problem.message,
        code=problem.code,
    )


def user_errors(refused: Refused) -> list[UserError]:
    return [user_error(problem) for problem in refused.problems]
