"""`hookline doctor`: what is wrong with this installation, and how to mend it."""

import click

from hookline.cli.terminal import Colored, echo


@click.command()
@click.option(
    "--json",
    "is_json",
    is_flag=True,
    help="As JSON: a list of name, state (ok, warning, problem, skipped) and text.",
)
def doctor(is_json: bool) -> None:
    """Check the installation, and say how to mend what is wrong.

    Looks at settings, database, tables, keys, workers, hub and broker. Changes nothing. Exit code 1
    when there is a problem; warnings alone give 0.
    """
    import asyncio
    import sys

    from hookline import logs
    from hookline.doctor import CheckState, Finding, examine
    from hookline.settings.fields import read_settings

    # Findings say what is wrong; the libraries' warnings would say it a second time, between them.
    logs.configure("error", "text")
    colors = {
        CheckState.OK: "green",
        CheckState.WARNING: "yellow",
        CheckState.PROBLEM: "red",
        CheckState.SKIPPED: "bright_black",
    }

    async def found() -> list[Finding]:
        findings = []
        async for finding in examine(read_settings()):
            findings.append(finding)
            if not is_json:
                echo(
                    Colored(f"{finding.state.value:8}", colors[finding.state]),
                    f" {finding.name:11} {finding.text}",
                )
        return findings

    findings = asyncio.run(found())
    if is_json:
        import json

        listed = [
            {"name": one.name, "state": one.state.value, "text": one.text} for one in findings
        ]
        echo(json.dumps(listed, indent=2, ensure_ascii=False))
    if any(one.state is CheckState.PROBLEM for one in findings):
        sys.exit(1)
