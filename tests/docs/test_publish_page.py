"""The functions of docs/how-to/publish-from-a-program.md, run against a server, behind a front that
is in trouble at first.
"""

import asyncio
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.docs.csharp import faults_in_csharp
from tests.docs.walk import blocks
from tests.flows.test_readme_steps import Shell
from tests.flows.test_readme_steps import shell as shell
from tests.processes import PROJECT
from tests.receivers import Handler, Server, read_request

PAGE: Final = (PROJECT / "docs/how-to/publish-from-a-program.md").read_text("utf-8")
CODE: Final = dict(blocks("docs/how-to/publish-from-a-program.md"))
# Each publishes twice under one key, then an event that is refused, and prints what came of it.
NODE: Final = """
import { publish } from "./publish.mjs";
for (const type of ["order.order.create", "order.order.create", "bad"]) {
  const published = publish(type, "development", { city: "Zürich" }, "order-7");
  console.log(await published.catch((error) => error.message));
}
"""
GO: Final = """package main

import "fmt"

func main() {
	for _, name := range []string{"order.order.create", "order.order.create", "bad"} {
		id, err := publish(name, "development", map[string]any{"city": "Zürich"}, "order-7")
		if err != nil {
			fmt.Println(err)
		} else {
			fmt.Println(id)
		}
	}
}
"""
JAVA: Final = """
class Main {
    public static void main(String[] arguments) throws Exception {
        for (String type : new String[] {"order.order.create", "order.order.create", "bad"}) {
            try {
                String data = "{\\"city\\":\\"Zürich\\"}";
                System.out.println(Events.publish(type, "development", data, "order-7"));
            } catch (IllegalArgumentException refused) {
                System.out.println(refused.getMessage());
            }
        }
    }
}
"""
RUBY: Final = """
require_relative "publish"
for type in %w[order.order.create order.order.create bad]
  begin
    puts publish(type, "development", { city: "Zürich" }, "order-7")
  rescue RuntimeError => refused
    puts refused.message
  end
end
"""
PHP: Final = """<?php
require 'publish.php';
foreach (['order.order.create', 'order.order.create', 'bad'] as $type) {
    try {
        echo publish($type, 'development', ['city' => 'Zürich'], 'order-7'), "\\n";
    } catch (InvalidArgumentException $refused) {
        echo $refused->getMessage(), "\\n";
    }
}
"""


def program(language: str, folder: Path) -> list[str]:
    """The command that runs the page's function."""
    if language == "js":
        (folder / "publish.mjs").write_text(CODE["js"])
        (folder / "main.mjs").write_text(NODE)
        return ["node", "main.mjs"]
    if language == "go":
        (folder / "publish.go").write_text(CODE["go"])
        (folder / "main.go").write_text(GO)
        return ["go", "run", "publish.go", "main.go"]
    if language == "ruby":
        (folder / "publish.rb").write_text(CODE["ruby"])
        (folder / "main.rb").write_text(RUBY)
        return ["ruby", "main.rb"]
    if language == "php":
        (folder / "publish.php").write_text(f"<?php\n{CODE['php']}")
        (folder / "main.php").write_text(PHP)
        return ["php", "main.php"]
    # The first class of a file is the one that `java FILE` starts.
    imports, _, rest = CODE["java"].partition("final class")
    (folder / "Main.java").write_text(f"{imports}{JAVA}\nfinal class{rest}")
    return ["java", "-Dfile.encoding=UTF-8", "Main.java"]


def troubled(url: str) -> Handler:
    """Answers 503, then breaks off, then hands requests on."""
    count = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        request = await read_request(reader)
        count += 1
        if count == 1:
            writer.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        elif count > 2:
            headers = {"Content-Type": "application/json"}
            headers["Authorization"] = str(request.header("authorization"))
            async with httpx.AsyncClient(timeout=60) as client:
                answered = await client.post(
                    f"{url}/graphql", content=request.body, headers=headers
                )
            told = answered.content
            length = str(len(told)).encode()
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
                b"Content-Length: " + length + b"\r\n\r\n" + told
            )
        await writer.drain()

    return answer


@pytest.mark.parametrize("language", ["js", "go", "java", "ruby", "php"])
async def test_function_of_the_page_publishes_once_whatever_is_lost(
    shell: Shell, tmp_path: Path, language: str
) -> None:
    command = program(language, tmp_path)
    if shutil.which(command[0]) is None and not os.environ.get("CI"):
        pytest.skip(f"{command[0]} is not installed")
    token = next(tmp_path.rglob("token")).read_text("utf-8").strip()
    async with Server(troubled(shell.url)) as front:
        done = await asyncio.to_thread(
            subprocess.run,
            command,
            cwd=tmp_path,
            env=os.environ | {"HOOKLINE_SERVER": front.url.rstrip("/"), "HOOKLINE_TOKEN": token},
            capture_output=True,
            text=True,
            timeout=170,
        )
    assert done.returncode == 0, done.stderr
    first, again, refused = done.stdout.splitlines()
    assert first == again
    assert first.startswith("evt_")
    assert "object.model.action" in refused
    listed = await shell.run(".venv/bin/hookline events list -o jsonl")
    assert listed.count('"id"') == 1
    shown = await shell.run(f".venv/bin/hookline events get {first}")
    assert "Zürich" in shown


def test_function_that_is_not_run_is_parsed_and_marked() -> None:
    assert "**this one is parsed, and not run**.\n\n```csharp" in PAGE
    assert not faults_in_csharp(CODE["csharp"])
