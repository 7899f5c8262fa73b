"""The functions of docs/how-to/verify-signatures.md, run where their language is installed in CI,
against signatures of Hookline's own.
"""

import os
import shutil
import subprocess
import sys
import time
from base64 import b64encode
from pathlib import Path
from typing import Final

import pytest

from hookline.outbound.signing import decode_secret, new_secret, sign
from tests.docs.csharp import faults_in_csharp
from tests.docs.walk import blocks
from tests.processes import PROJECT

PAGE: Final = (PROJECT / "docs/how-to/verify-signatures.md").read_text("utf-8")
BLOCKS: Final = blocks("docs/how-to/verify-signatures.md")
# Of two in a language the first: the second one of Go is a server around it.
CODE: Final = dict(reversed(BLOCKS))
# Each reads lines of base64: id, timestamp, signature, secret, body; and says ok or no for each.
PYTHON: Final = """
import sys
for line in sys.stdin:
    texts = [base64.b64decode(part) for part in line.split(",")]
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    headers = {name: text.decode() for name, text in zip(names, texts)}
    try:
        verify(texts[4], headers, texts[3].decode())
        print("ok")
    except ValueError:
        print("no")
"""
NODE: Final = """
import { readFileSync } from "node:fs";
for (const line of readFileSync(0, "utf-8").trim().split("\\n")) {
  const texts = line.split(",").map((one) => Buffer.from(one, "base64"));
  const [id, timestamp, signature, secret] = texts.map(String), body = texts[4];
  const headers = { "webhook-id": id, "webhook-timestamp": timestamp };
  headers["webhook-signature"] = signature;
  try { verify(body, headers, secret); console.log("ok"); } catch { console.log("no"); }
}
"""
GO: Final = """package main

import ("bufio"; "encoding/base64"; "os"; "strings")

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var texts []string
		for _, part := range strings.Split(lines.Text(), ",") {
			text, _ := base64.StdEncoding.DecodeString(part)
			texts = append(texts, string(text))
		}
		header := func(name string) string {
			return map[string]string{"webhook-id": texts[0], "webhook-timestamp": texts[1],
				"webhook-signature": texts[2]}[name]
		}
		if verify([]byte(texts[4]), header, texts[3]) == nil {
			os.Stdout.WriteString("ok\\n")
		} else {
			os.Stdout.WriteString("no\\n")
		}
	}
}
"""
JAVA: Final = """
class Main {
    public static void main(String[] arguments) throws Exception {
        for (String line : new String(System.in.readAllBytes()).strip().split("\\n")) {
            byte[][] texts = java.util.Arrays.stream(line.split(",", -1))
                .map(Base64.getDecoder()::decode).toArray(byte[][]::new);
            java.util.Map<String, String> headers = java.util.Map.of(
                "webhook-id", new String(texts[0]), "webhook-timestamp", new String(texts[1]),
                "webhook-signature", new String(texts[2]));
            try {
                Webhooks.verify(texts[4], headers::get, new String(texts[3]));
                System.out.println("ok");
            } catch (SecurityException refused) {
                System.out.println("no");
            }
        }
    }
}
"""
RUBY: Final = """
while line = gets
  texts = line.chomp.split(",", -1).map { |part| Base64.strict_decode64(part) }
  headers = %w[webhook-id webhook-timestamp webhook-signature].zip(texts).to_h
  begin
    verify(texts[4], headers, texts[3])
    puts "ok"
  rescue StandardError
    puts "no"
  end
end
"""
PHP: Final = """
while (($line = fgets(STDIN)) !== false) {
    $texts = array_map('base64_decode', explode(',', rtrim($line, "\\n")));
    $names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
    $headers = array_combine($names, array_slice($texts, 0, 3));
    try {
        verify($texts[4], $headers, $texts[3]);
        echo "ok\\n";
    } catch (RuntimeException) {
        echo "no\\n";
    }
}
"""
SECRET, OTHER = new_secret(), new_secret()
BODY: Final = '{"total": 99.5, "city": "Zürich"}'.encode()


def signed(*secrets: str, seconds_ago: int = 0) -> tuple[str, str, str]:
    """Id, timestamp and signatures."""
    timestamp = int(time.time()) - seconds_ago
    keys = [decode_secret(secret) for secret in secrets]
    return "evt_1", str(timestamp), sign(keys, "evt_1", timestamp, BODY)


def cases() -> list[tuple[tuple[str, str, str], bytes, str]]:
    """Headers, body and whether the request is good, for a receiver that has SECRET."""
    good = signed(SECRET)
    return [
        (good, BODY, "ok"),
        (signed(OTHER, SECRET), BODY, "ok"),
        (signed(SECRET, seconds_ago=240), BODY, "ok"),
        (good, BODY.replace(b"99", b"98"), "no"),
        (signed(OTHER), BODY, "no"),
        (signed(SECRET, seconds_ago=600), BODY, "no"),
        (signed(SECRET, seconds_ago=-600), BODY, "no"),
        (("evt_2", *good[1:]), BODY, "no"),
        ((*good[:2], ""), BODY, "no"),
        (("evt_1", "", good[2]), BODY, "no"),
        (("evt_1", "today", good[2]), BODY, "no"),
    ]


def program(language: str, folder: Path) -> list[str]:
    """The command that runs the page's function with its reader of cases."""
    if language == "python":
        (folder / "check.py").write_text(CODE["python"] + PYTHON)
        return [sys.executable, "check.py"]
    if language == "js":
        (folder / "check.mjs").write_text(CODE["js"] + NODE)
        return ["node", "check.mjs"]
    if language == "go":
        (folder / "verify.go").write_text(CODE["go"])
        (folder / "main.go").write_text(GO)
        return ["go", "run", "verify.go", "main.go"]
    if language == "ruby":
        (folder / "check.rb").write_text(CODE["ruby"] + RUBY)
        return ["ruby", "check.rb"]
    if language == "php":
        (folder / "check.php").write_text(f"<?php\n{CODE['php']}{PHP}")
        return ["php", "check.php"]
    # The first class of a file is the one that `java FILE` starts.
    imports, _, rest = CODE["java"].partition("final class")
    (folder / "Main.java").write_text(f"{imports}{JAVA}\nfinal class{rest}")
    return ["java", "Main.java"]


def build_server(folder: Path) -> None:
    """Compiles the page's receiver in Go."""
    [_, server] = [text for language, text in BLOCKS if language == "go"]
    (folder / "main.go").write_text(server)
    command = ["go", "build", "-o", "receiver", "verify.go", "main.go"]
    subprocess.run(command, cwd=folder, check=True, timeout=170)


@pytest.mark.parametrize("language", ["python", "js", "go", "java", "ruby", "php"])
def test_function_of_the_page_takes_what_is_signed_and_nothing_else(
    language: str, tmp_path: Path
) -> None:
    command = program(language, tmp_path)
    if shutil.which(command[0]) is None and not os.environ.get("CI"):
        pytest.skip(f"{command[0]} is not installed")
    wanted = cases()
    lines = [
        ",".join(b64encode(part).decode() for part in (*map(str.encode, (*head, SECRET)), body))
        for head, body, _ in wanted
    ]
    done = subprocess.run(
        command, cwd=tmp_path, input="\n".join(lines), capture_output=True, text=True, timeout=170
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [answer for _, _, answer in wanted]
    if language == "go":
        build_server(tmp_path)


def test_function_that_is_not_run_is_parsed_and_marked() -> None:
    assert "**this one is parsed, and not run**.\n\n```csharp" in PAGE
    assert not faults_in_csharp(CODE["csharp"])
