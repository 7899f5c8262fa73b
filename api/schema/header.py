"""HTTP headers and labels: pairs that several nouns show."""

import strawberry


@strawberry.type(description="An HTTP header.")
class Header:
    name: str = strawberry.field(description="Its name.")
    value: str | None = strawberry.field(
        description="Its value; null where it is a secret: Authorization, and names with key, "
        "token, secret or password in them."
    )


@strawberry.type(description="A key and a value that people gave a webhook.")
class Label:
    key: str = strawberry.field(description="The key.")
    value: str = strawberry.field(description="The value.")


@strawberry.input(description="An HTTP header to send.")
class HeaderInput:
    name: str = strawberry.field(description="Its name.")
    value: str = strawberry.field(
        description="Its value, at most 4 KiB. Where the name is Authorization, or has key, "
        "token, secret or password in it, "
        "the value is stored sealed and never shown again."
    )


@strawberry.input(description="A key and a value of your own.")
class LabelInput:
    key: str = strawberry.field(
        description="1 to 63 lower-case letters, digits and . _ / -, beginning with a letter or "
        "digit."
    )
    value: str = strawberry.field(description="At most 200 characters.")
