"""C# of the pages, parsed: no compiler for it can be installed with the tests."""

from collections.abc import Iterator

import tree_sitter_c_sharp
from tree_sitter import Language, Node, Parser


def faults_in_csharp(text: str) -> list[str]:
    """Line and text of each piece that is no C#, or that something is missing before."""
    tree = Parser(Language(tree_sitter_c_sharp.language())).parse(text.encode())
    return [
        f"{node.start_point.row + 1}: {(node.text or b'').decode()}"
        for node in _nodes(tree.root_node)
        if node.is_error or node.is_missing
    ]


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _nodes(child)
