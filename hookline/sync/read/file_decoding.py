"""A tree to the webhooks that a file wants, or to all that is wrong with it.

Called by the commands on YAML and by the server on JSON: both run the same table, so that a file
that passes here passes there. Pure but for the secrets it is handed; never raises.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hookline.form.check import SLUG, check_given, check_whole
from hookline.form.kinds import (
    REFUSED,
    Bounds,
    FieldProblem,
    Validation,
    label,
)
from hookline.form.webhook_fields import FIELDS
from hookline.sync.read.decoding import Decoder, Path, place
from hookline.sync.read.defaults import Entries, count_filled, default_entries, merged
from hookline.sync.read.document import Document, DocumentWebhook, place_moves, whole_content
from hookline.sync.read.fast_path import FastPath, FastWebhook
from hookline.sync.read.file_fields import (
    FILE_FIELDS,
    LIFECYCLE,
    NO_LIFECYCLE,
    FileField,
    Lifecycle,
    Move,
    lifecycle_of,
    policy_of,
)
from hookline.sync.read.nodes import (
    Mapping,
    Node,
    Scalar,
    Sequence,
    Unusable,
    position_of,
    put_text,
    to_json,
)
from hookline.sync.read.positions import text_of
from hookline.sync.read.problems import Position, Problems
from hookline.sync.read.references import References
from hookline.sync.read.room import Used

_slug = re.compile(SLUG)
_LIFECYCLE: Final = "lifecycle"
_NAMES: Final = (*FIELDS, _LIFECYCLE)


def decode(
    root: Node,
    bounds: Bounds,
    references: References,
    problems: Problems,
    used: Used | None = None,
) -> Document:
    """The webhooks of a tree, defaults merged in. Everything wrong with it is added to the
    problems. used: of the files of its set so far.
    """
    decoder, used = Decoder(problems.file, problems, references), used or Used()
    return _FileDecoder(decoder, bounds, used, FastPath(bounds, references)).decode(root)


def decode_by_tree(
    root: Node, bounds: Bounds, references: References, problems: Problems
) -> Document:
    """As `decode`, each webhook field by field: for those that the fast path has left."""
    return _FileDecoder(Decoder(problems.file, problems, references), bounds, Used()).decode(root)


@dataclass(slots=True)
class _FileDecoder:
    decoder: Decoder
    bounds: Bounds
    used: Used
    fast_path: FastPath | None = None
    is_set_known: bool = True

    def decode(self, root: Node) -> Document:
        names = (*FILE_FIELDS, "defaults", "webhooks")
        if isinstance(root, Mapping) and "sops" in root.entries:
            # Every value is encrypted then, which is one fault.
            key = root.entries["sops"][0]
            hint = "decrypt it first, as `sops decrypt` does"
            self.decoder.add_problem(
                "no-value", "this file is encrypted with sops", key, ("sops",), hint
            )
            return Document("default")
        # x-… keys are where people keep YAML anchors.
        entries = self.decoder.entries(names, root, (), may_be_extended=True) or {}
        own_values = self._own_values(root, entries)
        document = Document(str(own_values.get("set", "default")))
        self._take_own(document, root, entries, own_values)
        if not self._can_be_filled_in(root, entries):
            return document
        defaults = self._defaults(entries)
        for slug, key, node in self._webhooks(entries):
            if not self._take_fast(document, slug, key, node, defaults):
                own = self.decoder.entries(_NAMES, node, ("webhooks", slug))
                if own is not None:
                    self._webhook(document, slug, key, merged(defaults, own))
        # Defaults are merged in, so the server never sees them, nor the secrets that stand there.
        document.content = whole_content(document, document.content)
        self._place_policy(document, entries)
        self._keep_secrets(document)
        return document

    def _take_own(
        self,
        document: Document,
        root: Node,
        entries: Entries,
        own_values: dict[str, object],
    ) -> None:
        """Takes the keys of the file itself, but for its name, defaults and webhooks."""
        document.policy = policy_of(own_values.get("policy"))
        document.moves = self._moves(own_values.get("moved"), entries)
        document.set_position = self._set_position(root, entries)
        # Another root was told of already; a missing key would be the second sentence for one
        # fault.
        if isinstance(root, Mapping) and "webhooks" not in entries:
            self.decoder.add_problem(
                "required",
                "webhooks is required",
                root,
                (),
                "write 'webhooks: {}' for a set without webhooks",
            )

    def _keep_secrets(self, document: Document) -> None:
        document.secrets = {
            path: value
            for path, value in self.decoder.found_secrets.items()
            if path[0] == "webhooks"
        }
        document.secret_positions = [
            position_of(node, self.decoder.file) for node in self.decoder.secret_nodes
        ]

    def _own_values(self, root: Node, entries: Entries) -> dict[str, object]:
        """Canonical values of the file's own keys, of those that are good."""
        values = dict[str, object]()
        for name, row in FILE_FIELDS.items():
            if name in entries:
                checked = self._checked_own(name, row, entries[name], root, ())
                if checked is not REFUSED:
                    values[name] = checked
                elif name == "set":
                    self.is_set_known = False
            elif row.is_required and isinstance(root, Mapping):
                self.decoder.add_problem(
                    "required", f"{name} is required", root, (), f"begin the file with '{name}: 1'"
                )
        return values

    def _checked_own(
        self, name: str, row: FileField, entry: tuple[Scalar, Node], owner: Node, path: Path
    ) -> object:
        """The canonical value of a key of the file's own, or REFUSED after noting why."""
        validation = Validation(self.bounds)
        plain = self.decoder.plain(row.kind, *entry, (*path, name))
        checked = plain if plain is REFUSED else row.kind.check(plain, (name,), validation)
        is_good = self._add_problems(validation.problems, path, {name: entry}, owner)
        return checked if is_good else REFUSED

    def _moves(self, checked: object, entries: Entries) -> tuple[Move, ...]:
        """The moves with their places. checked: REFUSED or left out: none."""
        if not isinstance(checked, list) or not isinstance(node := entries["moved"][1], Sequence):
            return ()
        return tuple(
            Move(move["from"], move["to"], position_of(item, self.decoder.file))
            for move, item in zip(checked, node.items, strict=True)
        )

    def _place_policy(self, document: Document, entries: Entries) -> None:
        """Notes where the words of the policy stand."""
        node = entries["policy"][1] if "policy" in entries else None
        if isinstance(node, Mapping):
            for name, (key, _) in node.entries.items():
                at = position_of(key, self.decoder.file)
                document.positions.put(f"policy.{name}", (at.file, at.line, at.column))
        place_moves(document)

    def _set_position(self, root: Node, entries: Entries) -> Position | None:
        if "set" not in entries:
            return Position(file=self.decoder.file) if isinstance(root, Mapping) else None
        _, node = entries["set"]
        return position_of(node, self.decoder.file) if self.is_set_known else None

    def _defaults(self, entries: Entries) -> Entries:
        """The defaults' entries, each judged by itself, so that a mistake is told once and also
        when no webhook takes it.
        """
        if "defaults" not in entries:
            return {}
        fields = self.decoder.entries(_NAMES, entries["defaults"][1], ("defaults",)) or {}
        self._lifecycle(("defaults",), fields)
        _, found = self._checked(("defaults",), fields)
        self._add_problems(
            # Defaults are parts of webhooks: what they lack, a webhook may have.
            [problem for problem in found if problem.yaml_code != "required"],
            ("defaults",),
            fields,
            entries["defaults"][0],
        )
        return fields

    def _can_be_filled_in(self, root: Node, entries: Entries) -> bool:
        """False after noting that the defaults of all webhooks are too much."""
        _, node = entries.get("webhooks", (None, None))
        webhooks = node.entries.values() if isinstance(node, Mapping) else ()
        own = [fields.entries for _, fields in webhooks if isinstance(fields, Mapping)]
        if (most := count_filled(default_entries(root), own, self.used)) is None:
            return True
        self.decoder.add_problem(
            "too-many-nodes",
            f"the defaults, filled into {len(own):,} webhooks, stand for more than {most}",
            entries["defaults"][0],
            ("defaults",),
            "give long values to the webhooks that need them, or split the webhooks into several "
            "sets",
        )
        return False

    def _webhooks(self, entries: Entries) -> Iterator[tuple[str, Scalar, Node]]:
        if "webhooks" not in entries:
            return
        key, node = entries["webhooks"]
        if isinstance(node, Scalar) and node.is_null:
            self.decoder.add_problem(
                "missing-value",
                "webhooks has no value",
                key,
                ("webhooks",),
                "write 'webhooks: {}' for a set without webhooks",
            )
        elif isinstance(node, Unusable):
            return
        elif not isinstance(node, Mapping):
            hint = "write 'my-webhook:' and its fields below, not '- name: my-webhook'"
            self.decoder.add_problem(
                "type", "webhooks must be a mapping of slugs to webhooks", node, ("webhooks",), hint
            )
        else:
            for slug, (slug_key, value) in node.entries.items():
                # Of those that follow nothing more would be told.
                if self.decoder.problems.is_full:
                    return
                if _slug.fullmatch(slug):
                    yield slug, slug_key, value
                else:
                    message = "a slug is 1 to 63 lower-case letters, digits and hyphens"
                    self.decoder.add_problem(
                        "bad-slug",
                        message,
                        slug_key,
                        ("webhooks",),
                        "give the readable name as 'name'",
                    )

    def _webhook(self, document: Document, slug: str, key: Scalar, fields: Entries) -> None:
        path = ("webhooks", slug)
        lifecycle = self._lifecycle(path, fields)
        values, found = self._checked(path, fields)
        self._add_problems(found + check_whole(values), path, fields, key)
        for row in FIELDS.values():
            # The name is the slug when it is left out.
            if row.is_required and row.name not in fields and row.name != "name":
                self.decoder.add_problem(
                    "required", f"{row.name} is required", key, (*path, row.name)
                )
        at = self._place_webhook(document, slug, key, fields)
        document.webhooks[slug] = DocumentWebhook(slug, values, at, lifecycle)
        document.content[slug] = content_of(fields)
        self._put_resolved(document.content)

    def _take_fast(
        self, document: Document, slug: str, key: Scalar, node: Node, defaults: Entries
    ) -> bool:
        """Takes a webhook with which nothing is wrong. False: it is to be read field by field."""
        if self.fast_path is None or not isinstance(node, Mapping):
            return False
        fields = merged(defaults, node.entries) if defaults else node.entries
        content = content_of(fields)
        if (found := self.fast_path.webhook(slug, content)) is None:
            return False
        at = self._place_webhook(document, slug, key, fields)
        document.webhooks[slug] = DocumentWebhook(slug, found.values, at, found.lifecycle)
        document.content[slug] = content
        self._take_secrets(found, fields)
        return True

    def _take_secrets(self, found: FastWebhook, fields: Entries) -> None:
        for path, secret in found.secrets.items():
            node, _ = place(path[3:], *fields[path[2]])
            if isinstance(node, Scalar):
                self.decoder.secret_nodes.append(node)
            if isinstance(secret, str):
                self.decoder.found_secrets[path] = secret

    def _place_webhook(
        self, document: Document, slug: str, key: Scalar, fields: Entries
    ) -> Position:
        """Notes where the webhook and its fields stand. Returns the webhook's own place."""
        # The key's place, not the value's: a webhook of an alias stands where it is named.
        at = position_of(key, self.decoder.file)
        document.positions.put(f"webhooks.{slug}", (at.file, at.line, at.column))
        places = text_of((name, node.line, node.column) for name, (_, node) in fields.items())
        document.positions.put_all(f"webhooks.{slug}", at.file, places)
        return at

    def _lifecycle(self, path: Path, fields: Entries) -> Lifecycle:
        if _LIFECYCLE not in fields:
            return NO_LIFECYCLE
        entry = fields[_LIFECYCLE]
        return lifecycle_of(self._checked_own(_LIFECYCLE, LIFECYCLE, entry, entry[0], path))

    def _put_resolved(self, webhooks: dict[str, object]) -> None:
        """Puts what the last webhook's references stand for into what is sent."""
        for path, text in self.decoder.sent_texts.items():
            if path[0] == "webhooks":
                put_text(webhooks, path[1:], text)
        self.decoder.sent_texts.clear()

    def _checked(self, path: Path, fields: Entries) -> tuple[dict[str, object], list[FieldProblem]]:
        """Canonical values of a webhook's fields, and problems with them."""
        plain = {
            name: self.decoder.plain(FIELDS[name].kind, key, node, (*path, name))
            for name, (key, node) in fields.items()
            if name in FIELDS
        }
        given = {name: value for name, value in plain.items() if value is not REFUSED}
        return check_given(given, self.bounds)

    def _add_problems(
        self,
        found: list[FieldProblem],
        path: Path,
        fields: Entries,
        owner: Node,
    ) -> bool:
        """Adds what the kinds found, where it stands in the file. True when nothing was wrong."""
        for problem in found:
            name, *rest = problem.field
            node, inner = (
                place(tuple(rest), *fields[name]) if name in fields else (owner, tuple(rest))
            )
            # The kinds count headers and labels as lists (headers[0].value); the file has them by
            # name.
            message = problem.message
            if message.startswith(plain := label(problem.field)):
                message = label((name, *inner)) + message.removeprefix(plain)
            self.decoder.add_problem(
                problem.yaml_code,
                message,
                node,
                (*path, name, *inner),
                problem.hint,
                problem.is_warning,
            )
        return not any(not problem.is_warning for problem in found)


def content_of(fields: Entries) -> dict[str, object]:
    """The fields of a webhook as they are sent."""
    return {name: to_json(node, name == "filter") for name, (_, node) in fields.items()}
