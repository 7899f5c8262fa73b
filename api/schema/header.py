"""HTTP headers and labels: pairs that several nouns show."""

import strawberry


@strawberry.type(description="An HTTP header.")
class Header:
    name: str = strawberry.field(description="Name of the header.")
    value: str | None = strawberry.field(
        description="Value of the header. Null if it is secret: always for Authorization and "
        "for names that contain key, token, secret or password."
    )


@strawberry.type(description="A key-value pair of a webhook.")
class Label:
    key: str = strawberry.field(description="Key of the label.")
    value: str = strawberry.field(description="Value of the label.")


@strawberry.input(description="An HTTP header to send.")
class HeaderInput:
    name: str = strawberry.field(description="Name of the header.")
    value: str = strawberry.field(
        description="Value of the header. At most 4 KiB. If the name is Authorization or "
        "contains key, token, secret or password, the value is stored encrypted "
        "and never returned."
    )


@strawberry.input(description="A key-value pair of a webhook.")
class LabelInput:
    key: str = strawberry.field(
        description="Key of the label: 1 to 63 lower-case letters, digits and . _ / -, "
        "beginning with a letter or digit."
    )
    value: str = strawberry.field(description="Value of the label. At most 200 characters.")
