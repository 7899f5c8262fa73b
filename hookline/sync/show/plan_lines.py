"""Changes of a plan line by line: a webhook, then each of its fields with what differs. Called by
report. Everything is masked already.
"""

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from hookline.sync.plan.changes import Change, ChangeKind, FieldChange, changed_by
from hookline.sync.show.differences import difference, difference_parts, value_text, whole_text
from hookline.sync.show.layout import Layout, Line, wrapped

MARKS: Final = {
    ChangeKind.CREATE: "+",
    ChangeKind.UPDATE: "~",
    ChangeKind.MOVE: "→",
    ChangeKind.ADOPT: "?",
    ChangeKind.DISABLE: "-",
    ChangeKind.DELETE: "-",
    ChangeKind.RELEASE: "o",
    ChangeKind.DRIFT: "!",
    ChangeKind.CONFLICT: "!",
}
COLORS: Final = {"+": "green", "~": "yellow", "→": "cyan", "?": "cyan", "-": "red", "!": "magenta"}
_DISPUTED: Final = (ChangeKind.DRIFT, ChangeKind.CONFLICT)
_REMOVED: Final = (ChangeKind.DISABLE, ChangeKind.DELETE)
# Below the mark and the slug of a webhook; below the name of a field.
_FIELD, _PART = 6, 8
# Of all other fields a line end would be somebody's who forges a line of the plan.
_TEMPLATE: Final = "payloadTemplate"
_MOST_LINES: Final = 20
"""Of a diff, unless all of it is asked for."""


def change_lines(change: Change, layout: Layout) -> Iterator[Line]:
    """A change of a plan: the webhook with its place, its fields, and what becomes of open
    deliveries.
    """
    mark = MARKS[change.kind]
    place = change.position
    parts = [
        f"{mark} {change.slug}",
        f"{place.file}:{place.line}" if place and place.file else "",
        _title(change),
    ]
    yield from wrapped("  ".join(filter(None, parts)), layout, 2, COLORS.get(mark))
    if change.kind is ChangeKind.CREATE:
        yield from _created_lines(change.after, layout)
    elif change.kind not in _REMOVED:
        for item in change.fields:
            yield from _field_lines(change.kind, item, layout)
    if change.hint and change.kind not in _REMOVED:
        is_told = change.kind is ChangeKind.RELEASE and not change.fields
        yield from () if is_told else _hint_lines(change.hint, layout)
    if (what := consequence(change)) and change.kind is not ChangeKind.MOVE:
        yield from wrapped(what, layout, _FIELD)


def laid_out(texts: Iterable[str], layout: Layout) -> Iterator[Line]:
    """Lines with an indent of their own for a terminal: wrapped below themselves, and those that
    begin with the mark of a change in its colour.
    """
    for text in texts:
        own = text.lstrip(" ")
        indent = len(text) - len(own)
        yield from wrapped(own, layout, indent, COLORS.get(own[:1]) if indent else None)


def _hint_lines(hint: str, layout: Layout) -> Iterator[Line]:
    """A hint. Code in it stays on one line of its own where the whole does not fit on one."""
    before, tick, rest = hint.partition("`")
    code, _, after = rest.partition("`")
    if layout.width is None or not tick or _FIELD + len(hint) <= layout.width:
        yield from wrapped(hint, layout, _FIELD, "yellow")
        return
    yield from wrapped(before.strip(), layout, _FIELD, "yellow")
    yield from wrapped(code, Layout(), _PART)
    yield from wrapped(after.strip(), layout, _FIELD, "yellow")


def _title(change: Change) -> str:
    """Words behind the place of a webhook."""
    match change.kind:
        case ChangeKind.DRIFT | ChangeKind.CONFLICT:
            return change.kind.lower()
        case ChangeKind.DISABLE | ChangeKind.DELETE:
            return left_the_file(change, is_applied=False)
        case ChangeKind.MOVE:
            return consequence(change)
        case ChangeKind.RELEASE:
            return "release" if change.fields else str(change.hint)
    return ""


def _field_lines(kind: ChangeKind, item: FieldChange, layout: Layout) -> Iterator[Line]:
    if kind in _DISPUTED:
        yield from _disputed_lines(kind, item, layout)
    elif kind is ChangeKind.RELEASE:
        yield from wrapped(f"{item.field} {_value(item.live, layout)}", layout, _FIELD)
    else:
        yield from _difference_lines(item.field, item.before, item.after, item, layout)


def _created_lines(values: Mapping[str, Any], layout: Layout) -> list[Line]:
    """Fields of a new webhook: whole, as nothing else tells them."""
    # No generator: of 10,000 new webhooks there are 150,000 lines.
    lines = list[Line]()
    for name, value in values.items():
        if name == _TEMPLATE and "\n" in value:
            lines += wrapped(name, layout, _FIELD)
            parts = [Line(f"{' ' * _PART}{line}") for line in value.splitlines()]
            lines += _cut(parts, layout)
        else:
            lines += wrapped(f"{name} {whole_text(value)}", layout, _FIELD)
    return lines


def _difference_lines(
    name: str, before: Any, after: Any, item: FieldChange, layout: Layout, suffix: str = ""
) -> Iterator[Line]:
    """A field from one value to another. suffix: who did that."""
    if diff := _diff(name, before, after):
        yield from wrapped(f"{name}{suffix}", layout, _FIELD)
        yield from _cut(diff, layout)
        return
    parts = difference_parts(name, before, after, item.changed_secrets, layout.is_whole)
    if len(parts) == 1:
        yield from wrapped(f"{name} {parts[0]}{suffix}", layout, _FIELD)
        return
    yield from wrapped(f"{name}{suffix}", layout, _FIELD)
    for part in parts:
        color = {"+": "green", "-": "red"}.get(part[:1])
        yield from wrapped(part, layout, _PART, color)


def _disputed_lines(kind: ChangeKind, item: FieldChange, layout: Layout) -> Iterator[Line]:
    by = f", {changed_by(item.author)}"
    if kind is ChangeKind.CONFLICT and item.before is None:
        yield from wrapped(f"{item.field} is {_value(item.live, layout)}{by}", layout, _FIELD)
    else:
        yield from _difference_lines(item.field, item.before, item.live, item, layout, by)
    wanted = wanted_text(item) if not layout.is_whole else whole_text(item.after)
    yield from wrapped(f"{layout.wish} wants {wanted}", layout, _PART)


def diff_lines(kind: ChangeKind, item: FieldChange) -> list[str]:
    """Lines that differ of a filter or of a template over several lines, as `- old` and `+ new`,
    with one around; none for other values, and where it is no update.
    """
    is_update = kind in (ChangeKind.UPDATE, ChangeKind.ADOPT, ChangeKind.MOVE)
    found = _diff(item.field, item.before, item.after) if is_update else []
    return [line.text.removeprefix(" " * _PART) for line in found]


def changed_lines(kind: ChangeKind, item: FieldChange) -> str:
    """`5 lines differ`, of a template that `diff_lines` shows; empty for other values."""
    lines = diff_lines(kind, item) if item.field == _TEMPLATE else []
    count = sum(line[:1] in ("+", "-") for line in lines)
    return "" if not count else "1 line differs" if count == 1 else f"{count} lines differ"


def _diff(name: str, before: Any, after: Any) -> list[Line]:
    """Lines of a filter or of a template over several lines that differ; none for other values."""
    if name not in ("filter", _TEMPLATE) or not before or not after:
        return []
    if name == _TEMPLATE and "\n" not in before + after:
        return []
    one, other = _lines(before), _lines(after)
    found = list[Line]()
    for line in list(difflib.unified_diff(one, other, n=1, lineterm=""))[2:]:
        color = {"+": "green", "-": "red"}.get(line[:1])
        shown = "…" if line.startswith("@@") else f"{line[:1]} {line[1:]}".rstrip()
        if shown != "…" or found:
            found.append(Line(f"{' ' * _PART}{shown}", color))
    return found


def _lines(value: Any) -> list[str]:
    if isinstance(value, str):
        return value.splitlines()
    return json.dumps(value, indent=2, ensure_ascii=False).splitlines()


def _cut(lines: list[Line], layout: Layout) -> Iterator[Line]:
    most = len(lines) if layout.is_whole else _MOST_LINES
    for line in lines[:most]:
        # Only by itself: a diff that is joined anew is none.
        yield from wrapped(line.text.strip(), layout, _indent(line.text), line.color)
    if len(lines) > most:
        yield Line(f"{' ' * _PART}… and {len(lines) - most} more lines: -v shows them")


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _value(value: Any, layout: Layout) -> str:
    return whole_text(value) if layout.is_whole else value_text(value)


def wanted_text(item: FieldChange) -> str:
    """The file's wish for a disputed field: whole where it is short, as what differs in a list
    or a long text is found by that alone.
    """
    text = value_text(item.after)
    is_short = not isinstance(item.after, dict | list) and text == whole_text(item.after)
    if is_short:
        return text
    return difference(item.field, item.live, item.after, item.changed_secrets)


def consequence(change: Change) -> str:
    """A sentence about the webhook's open deliveries; empty where nothing becomes of them."""
    count = change.open_deliveries or 0
    waiting = f"{count:,}{' or more' if count >= 10_000 else ''} open "
    waiting += "delivery" if count == 1 else "deliveries"
    verb = "is" if count == 1 else "are"
    if change.kind is ChangeKind.MOVE:
        kept = f"id, history, secret and {waiting}" if count else "id, history and secret"
        return f"was {change.moved_from}: keeps {kept}"
    if not count:
        return ""
    turned = change.after
    if change.kind is ChangeKind.DELETE:
        return f"{waiting} {verb} cancelled"
    if change.kind is ChangeKind.RELEASE:
        return f"{waiting} {'goes' if count == 1 else 'go'} on"
    if turned.get("active") is False or change.kind is ChangeKind.DISABLE:
        return f"{waiting} {verb} held until the webhook is turned on"
    if turned.get("active") is True:
        return f"{waiting} {verb} sent"
    return f"{waiting} {'goes' if count == 1 else 'go'} to the new URL"


def left_the_file(change: Change, is_applied: bool) -> str:
    """Fate of a webhook that the file no longer has, in the tense of the command."""
    if change.kind is ChangeKind.DELETE:
        return f"{change.hint}: {'is now' if is_applied else 'will be'} DELETED"
    if not change.fields:
        return f"{change.hint}: was off before"
    return f"{change.hint}: {'is now' if is_applied else 'will be'} DISABLED"
