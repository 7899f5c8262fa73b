"""HTTP headers and labels: pairs that several nouns show."""

from typing import Final

import strawberry

from hookline.form.webhook_kinds import SECRET_WORDS

SECRET_NAMES: Final = f"{', '.join(SECRET_WORDS[:-1])} or {SECRET_WORDS[-1]}"


@strawberry.type(description="An HTTP header.")
class Header:
    name: str = strawberry.field(description="Name of the header.")
    value: str | None = strawberry.field(
        description="Value of the header. Null if it is secret: always for names with a part "
        f"that begins with auth, such as Authorization, or that contain {SECRET_NAMES}."
    )


@strawberry.type(description="A key-value pair of a webhook.")
class Label:
    key: str = strawberry.field(description="Key of the label.")
    value: str = strawberry.field(description="Value of the label.")


@strawberry.input(description="An HTTP header to send.")
class HeaderInput:
    name: str = strawberry.field(description="Name of the header.")
    value: str | None = strawberry.field(
        default=None,
        description="Value of the header. At most 4 KiB. In an update, null keeps the stored value "
        "of the header of that name. If a part of the name begins with "
        f"auth, such as Authorization, or the name contains {SECRET_NAMES}, the value is stored "
        "encrypted and never returned.",
    )


@strawberry.input(description="A key-value pair of a webhook.")
class LabelInput:
    key: str = strawberry.field(
        description="Key of the label: 1 to 63 lower-case letters, digits and . _ / -, "
        "beginning with a letter or digit."
    )
    value: str = strawberry.field(description="Value of the label. At most 200 characters.")
