"""The tree of one file's YAML, made of the parser's events. Called by loader. The only module that
knows PyYAML, whose own composer hides duplicate keys, guesses types, and dies on hostile input
(6.0.3). Raises FileRefused, and nothing else, for anything that a file may hold.
"""

from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from hookline.sync.read.nodes import (
    MAX_DEPTH,
    MAX_NODES,
    Mapping,
    Node,
    Scalar,
    Sequence,
    TaggedKey,
    Unusable,
    position_of,
)
from hookline.sync.read.problems import (
    FileRefused,
    Position,
    Problems,
    SyncProblem,
    key_name,
    shown_below,
)
from hookline.sync.read.room import MAX_CHARACTERS, size_of
from hookline.sync.read.syntax_errors import explain
from hookline.text import shown


def parser_class() -> Any:  # Any, here and below: PyYAML's parsers and events have no types
    """The parser in C, which PyYAML may have been built without, or else the one in Python; the
    tests run each case with both.
    """
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come. key: of a mapping, when its value comes next; merges:
    what `<<` named, in order.
    """

    node: Sequence | Mapping
    anchor: str | None
    key: Node | None = None
    is_merge_next: bool = False
    merges: list[Node] | None = None
    is_tagged: bool = False
    has_complex_key: bool = False


@dataclass(slots=True)
class Composer:
    """nodes, expanded: values so far, written and by aliases, those of earlier files among them;
    characters: those that aliases stand for.
    """

    parser_class: Any
    text: str
    problems: Problems
    nodes: int = 0
    expanded: int = 0
    characters: int = 0
    root: Node | None = None
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, Node | None] = field(default_factory=dict)
    """By name; None while the anchored collection is still open."""
    sizes: dict[int, tuple[Node, int]] = field(default_factory=dict)
    """Characters of collections that were named before, by the ids of their nodes, and these, as
    another one could get the id of one that was freed.
    """

    def compose(self) -> Node | None:
        """The one document's root, None when there is no document. Raises FileRefused where reading
        can't go on.
        """
        # Short: where no memory is left, CPython (3.11) tries forever to note the place of what was
        # raised below a `finally`, unless that is among a function's first 256 instructions.
        parser = self.parser_class(self.text)
        try:
            return self._root_of(parser)
        # The parser in Python passes on what chr(), int() and bytes.decode() raise (PyYAML 6.0.3).
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            raise self._refused(error) from None
        finally:
            parser.dispose()

    def _refused(self, error: Exception) -> FileRefused:
        if isinstance(error, yaml.MarkedYAMLError):
            return FileRefused(explain(error, self.text, self.problems.file))
        message = shown(str(error).split("\n")[0])
        return FileRefused(SyncProblem("syntax", message, Position(file=self.problems.file)))

    def _root_of(self, parser: Any) -> Node | None:
        parser.get_event()
        if isinstance(parser.get_event(), StreamEndEvent):
            return None
        while type(event := parser.get_event()) is not DocumentEndEvent:
            if type(event) is ScalarEvent:
                self._take_scalar(event)
            else:
                self._take(event)
        if not isinstance(event := parser.get_event(), StreamEndEvent):
            raise self._fatal(
                "multi-document",
                "a second document begins here",
                event,
                "keep one document per file",
            )
        return self.root

    @property
    def _is_key_next(self) -> bool:
        return (
            bool(self.stack)
            and isinstance(self.stack[-1].node, Mapping)
            and self.stack[-1].key is None
        )

    def _take_scalar(self, event: Any) -> None:
        """Adds a value. The usual ones here at once: of 10,000 webhooks 360,000 (2026-11)."""
        mark = event.start_mark
        # implicit[0] is true of plain scalars without a tag only.
        node = Scalar(event.value, mark.line + 1, mark.column + 1, not event.implicit[0])
        if event.tag is not None or event.anchor is not None:
            self._add(self._marked_scalar(event, node))
            return
        if not self.stack or self.nodes + self.expanded >= MAX_NODES:
            self._add(node)
            return
        self.nodes += 1
        around = self.stack[-1]
        owner = around.node
        if isinstance(owner, Sequence):
            owner.items.append(node)
        elif (key := around.key) is None:
            self._take_key(around, node)
            return
        elif around.is_merge_next or type(key) is not Scalar:
            self._take_value(around, owner, node)
            return
        else:
            around.key = None
            if key.text in owner.entries:
                return
            owner.entries[key.text] = (key, node)
        # As `_grow` does, of one value.
        owner.weight += 2
        if owner.height == 1:
            owner.height = 2

    def _marked_scalar(self, event: Any, node: Scalar) -> Node:
        """A value with a tag or an anchor."""
        usable = self._tagless(event, node)
        if usable is not node and self._is_key_next:
            # Kept by its name: a required field would else be lacking, too.
            usable = TaggedKey(event.value, node.line, node.column)
        return self._anchored(usable, event)

    def _take(self, event: Any) -> None:
        kind = type(event)
        if kind is MappingEndEvent or kind is SequenceEndEvent:
            self._close()
        elif kind is AliasEvent:
            self._add(self._aliased(event))
        else:
            self._open(event)

    def _open(self, event: Any) -> None:
        mark = event.start_mark
        # Before the push: what reads the tree later does so by recursion.
        if len(self.stack) >= MAX_DEPTH:
            raise self._fatal(
                "too-deep", f"the file is nested deeper than {MAX_DEPTH} levels", event
            )
        line, column = mark.line + 1, mark.column + 1
        node: Sequence | Mapping = (
            Mapping({}, line, column)
            if isinstance(event, MappingStartEvent)
            else Sequence([], line, column)
        )
        is_tagged = self._tagless(event, node) is not node
        if event.anchor is not None:
            self._check_new_anchor(event)
            # Known, but without a node until its end: an alias inside itself is found by that.
            self.anchors[event.anchor] = None
        self.stack.append(_Open(node, event.anchor, is_tagged=is_tagged))

    def _close(self) -> None:
        done = self.stack.pop()
        # At its end, since the mapping's own keys win, also those after its `<<`.
        if done.merges and isinstance(done.node, Mapping):
            for source in done.merges:
                self._merge(done.node, source)
        node: Node = done.node
        # Of one fault one problem: a tag, or braces that were to be quoted, would else be of the
        # wrong type or lack required fields, too.
        if done.is_tagged or (done.has_complex_key and done.node.weight == 1):
            node = Unusable(node.line, node.column)
        if done.anchor is not None:
            self.anchors[done.anchor] = node
        self._add(node)

    def _add(self, node: Node) -> None:
        # Aliases count as all that they stand for: a billion laughs are few nodes and load at once.
        self.nodes += 1
        if self.nodes + self.expanded > MAX_NODES:
            code = "too-many-nodes" if self.nodes > self.expanded else "alias-bomb"
            raise FileRefused(
                SyncProblem(
                    code,
                    f"the file stands for more than {MAX_NODES:,} values",
                    position_of(node, self.problems.file),
                )
            )
        if not self.stack:
            self.root = node
            return
        around = self.stack[-1]
        if isinstance(around.node, Sequence):
            around.node.items.append(node)
        elif around.key is None:
            self._take_key(around, node)
            return
        else:
            self._take_value(around, around.node, node)
            return
        _grow(around.node, node)

    def _take_key(self, around: _Open, node: Node) -> None:
        around.key, around.is_merge_next = node, False
        assert isinstance(around.node, Mapping)
        if not isinstance(node, Scalar):
            around.has_complex_key = True
            if not isinstance(node, Unusable):
                self._add_problem(
                    "complex-key",
                    "a key must be plain text",
                    node,
                    "render {{ … }} of another tool first; put a payloadTemplate in quotes",
                )
        # A quoted '<<' is a key like any other.
        elif node.text == "<<" and not node.is_quoted:
            around.is_merge_next = True
            if around.merges is not None:
                self._add_problem(
                    "duplicate-key", "'<<' is given twice", node, "write '<<: [*a, *b]'"
                )
        elif node.text in around.node.entries:
            first = around.node.entries[node.text][0]
            name = self._told(key_name(node.text))
            message = f"{name} stands at line {first.line}, column {first.column} already"
            self._add_problem("duplicate-key", message, node, "keep one of the two")

    def _take_value(self, around: _Open, mapping: Mapping, node: Node) -> None:
        key, around.key = around.key, None
        if around.is_merge_next:
            if around.merges is None:
                around.merges = []
            around.merges += node.items if isinstance(node, Sequence) else [node]
        elif isinstance(key, Scalar) and key.text not in mapping.entries:
            mapping.entries[key.text] = (key, node)
            _grow(mapping, node)

    def _merge(self, into: Mapping, source: Node) -> None:
        """Fills in what the mapping does not say itself; of several sources the first says it."""
        if isinstance(source, Unusable):
            return
        if not isinstance(source, Mapping):
            self._add_problem("bad-merge", "'<<' needs a mapping or a list of mappings", source)
            return
        for text, (key, value) in source.entries.items():
            if text in into.entries:
                # Looked at all the same, as often as the source is named.
                self._expand(1, 0, source)
                continue
            into.entries[text] = (key, value)
            _grow(into, value)
            # Merges of merges multiply as aliases do: 880 bytes of them ended a process in
            # yaml.load.
            self._expand(value.weight + 1, len(text) + self._characters_of(value), source)

    def _tagless(self, event: Any, node: Node) -> Node:
        if event.tag is None or event.tag == "!":
            return node
        tag = str(event.tag).replace("tag:yaml.org,2002:", "!!")
        self._add_problem(
            "tag",
            f"the tag {self._told(tag)} is not allowed",
            node,
            "remove it; the field decides how the value is read",
        )
        return Unusable(node.line, node.column)

    def _anchored(self, node: Node, event: Any) -> Node:
        if event.anchor is not None:
            self._check_new_anchor(event)
            self.anchors[event.anchor] = node
        return node

    def _check_new_anchor(self, event: Any) -> None:
        if event.anchor in self.anchors:
            mark = event.start_mark
            self._add_problem(
                "duplicate-anchor",
                f"the anchor {self._told('&' + event.anchor)} is defined twice",
                Unusable(mark.line + 1, mark.column + 1),
            )

    def _aliased(self, event: Any) -> Node:
        mark = event.start_mark
        here = Unusable(mark.line + 1, mark.column + 1)
        if event.anchor not in self.anchors:
            hint = "put the text in quotes if the asterisk belongs to it"
            self._add_problem(
                "unknown-alias",
                f"no anchor is called {self._told('&' + event.anchor)}",
                here,
                hint,
            )
            return here
        node = self.anchors[event.anchor]
        if node is None:
            self._add_problem(
                "recursive-alias", f"{shown('*' + event.anchor)} stands inside what it names", here
            )
            return here
        if len(self.stack) + node.height > MAX_DEPTH:
            raise self._fatal(
                "too-deep", f"the file is nested deeper than {MAX_DEPTH} levels", event
            )
        self._expand(node.weight, self._characters_of(node), here)
        return node

    def _characters_of(self, node: Node) -> int:
        if isinstance(node, Scalar):
            return len(node.text)
        if (found := self.sizes.get(id(node))) is None:
            found = self.sizes[id(node)] = (node, size_of(node).characters)
        return found[1]

    def _expand(self, weight: int, characters: int, node: Node) -> None:
        self.expanded += weight
        self.characters += characters
        if self.expanded > MAX_NODES:
            self._refuse_aliases(f"{MAX_NODES:,} values", node)
        if self.characters > MAX_CHARACTERS:
            self._refuse_aliases(f"{MAX_CHARACTERS:,} characters", node)

    def _refuse_aliases(self, most: str, node: Node) -> NoReturn:
        message = f"aliases stand for more than {most}"
        raise FileRefused(SyncProblem("alias-bomb", message, position_of(node, self.problems.file)))

    def _told(self, text: str) -> str:
        keys = [around.key.text for around in self.stack if isinstance(around.key, Scalar)]
        return shown_below(keys, text)

    def _add_problem(self, code: str, message: str, node: Node, hint: str | None = None) -> None:
        if self.problems.is_full:
            return
        width = len(node.text) if isinstance(node, Scalar) else 1
        self.problems.add(
            SyncProblem(
                code, message, position_of(node, self.problems.file), hint=hint, width=max(width, 1)
            )
        )

    def _fatal(self, code: str, message: str, event: Any, hint: str | None = None) -> FileRefused:
        mark = event.start_mark
        return FileRefused(
            SyncProblem(
                code,
                message,
                Position(mark.line + 1, mark.column + 1, self.problems.file),
                hint=hint,
            )
        )


def _grow(around: Sequence | Mapping, node: Node) -> None:
    around.weight += node.weight + 1
    if node.height >= around.height:
        around.height = node.height + 1
