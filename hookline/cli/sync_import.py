"""`hookline sync import`: writes webhooks of another product as a webhooks file, and tells what has
no counterpart. Data goes to standard output or into a file, talk to standard error. Asks no server.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hookline.cli.exit_codes import INVALID, OK
from hookline.cli.progress import progress
from hookline.cli.terminal import echo, echo_file
from hookline.cli.writing import write_file
from hookline.settings import environment
from hookline.sync.importing.foreign import LEFT_OUT, REFUSED, Note
from hookline.sync.importing.reading import Imported, imported
from hookline.sync.read.collecting import collect
from hookline.sync.read.problems import SyncProblem


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """product: hasura, webhookx or svix; output: None for standard output; environments: none for
    the last one that exists.
    """

    product: str
    names: Sequence[str]
    set_name: str
    environments: Sequence[str] = ()
    output: str | None = None


def run(options: ImportOptions) -> int:
    """Writes the file; the exit code."""
    environments = options.environments or environment.environments()[-1:]
    with progress("Reading the files"):
        found = imported(collect(options.names), options.product, options.set_name, environments)
    if found.text is None:
        from hookline.sync.show import excerpts

        # Without lines of the file: any of them may hold a secret.
        echo(excerpts.shown(map(_without_advice, found.problems), {}, []), err=True)
        echo("Nothing is written.", err=True)
        return INVALID
    if options.output is None:
        echo_file(found.text)
    else:
        write_file(options.output, found.text)
    _tell(found)
    return INVALID if found.counts.get(REFUSED) else OK


def _without_advice(problem: SyncProblem) -> SyncProblem:
    """The problem without a hint that is meant for a webhooks file."""
    is_other = problem.code == "empty-file" or "-f" in (problem.hint or "").split()
    return replace(problem, hint=None) if is_other else problem


def _tell(found: Imported) -> None:
    for note in found.notes:
        echo(_line(note), err=True)
    if (more := sum(found.counts.values()) - len(found.notes)) > 0:
        echo(f"… and {more:,} more", err=True)
    if found.variables:
        echo("Secrets are not copied. Set these variables where the file is applied:", err=True)
        echo("\n".join(f"  {one}" for one in found.variables), err=True)
    told = [found.counts.get(kind, 0) for kind in (LEFT_OUT, REFUSED)]
    counts = zip([found.count, *told], ("webhook written", "value left out", "error"), strict=True)
    echo(", ".join(f"{count:,} {_plural(count, words)}" for count, words in counts) + ".", err=True)


def _plural(count: int, words: str) -> str:
    noun, _, rest = words.partition(" ")
    return f"{noun if count == 1 else f'{noun}s'} {rest}".rstrip()


def _line(note: Note) -> str:
    at = f"{note.position.file}:{note.position.line}:{note.position.column}"
    return f"{at}: {note.kind}: {note.path}: {note.text}" if note.path else f"{at}: {note.text}"
