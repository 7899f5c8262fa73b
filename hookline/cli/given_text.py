"""Texts and JSON that a command is given: as an argument, in a file (`@NAME`) or on standard input
(`-`).
"""

import sys
from pathlib import Path
from typing import Any, BinaryIO, Final

import click

_LIMIT_BYTES: Final = 16 * 1024 * 1024
"""A server takes no larger request."""


def text_of(given: str) -> str:
    """Returns the text itself, or that of the file or the input that it names.

    Raises click.BadParameter.
    """
    return bytes_of(given).decode("utf-8") if _names_a_source(given) else given


def bytes_of(given: str) -> bytes:
    """The same as bytes, whatever they are.

    Raises click.BadParameter.
    """
    try:
        if given == "-":
            return _read(sys.stdin.buffer)
        if not given.startswith("@"):
            return given.encode()
        # Pipes too: `-d @<(jq …)`.
        with Path(given[1:]).open("rb") as file:
            return _read(file)
    except OSError as error:
        raise click.BadParameter(f"cannot read {error.filename}: {error.strerror}.") from None


def read_text(context: click.Context, parameter: click.Parameter, given: str) -> str:
    """Reads the value of an option or an argument."""
    try:
        return text_of(given)
    except UnicodeDecodeError:
        raise click.BadParameter("is not UTF-8.") from None


def read_json(context: click.Context, parameter: click.Parameter, given: str | None) -> Any:
    """Reads the value of an option as JSON; None where there is none."""
    import json

    if given is None:
        return None
    try:
        # Python's JSON takes NaN and Infinity, which no JSON can hold.
        return json.loads(read_text(context, parameter, given), parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise click.BadParameter(
            f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        ) from None
    # After JSONDecodeError, which is a ValueError: constants, numbers of thousands of digits.
    # RecursionError: depth.
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(f"is not JSON that can be sent: {error}.") from None


def _names_a_source(given: str) -> bool:
    return given == "-" or given.startswith("@")


def _read(file: BinaryIO) -> bytes:
    """The content of a file, which may have no end: a device, or a link to one."""
    content = file.read(_LIMIT_BYTES + 1)
    if len(content) > _LIMIT_BYTES:
        mebibytes = _LIMIT_BYTES // 1024 // 1024
        raise click.BadParameter(f"is longer than {mebibytes} MiB, the most that a server takes.")
    return content


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is not a JSON number")
