"""`hookline settings`: every setting, its value without secrets, where it comes from."""

import click

from hookline.cli.terminal import echo


@click.command()
@click.option("--json", "is_json", is_flag=True, help="As JSON.")
def settings(is_json: bool) -> None:
    """Show every setting; passwords and keys are masked.

    A wrong value is told in one sentence that names it, with exit code 1.
    """
    from hookline.settings.fields import read_settings
    from hookline.settings.listing import describe, unknown_names

    shown = list(describe(read_settings()))
    if is_json:
        import json

        listed = [
            {
                "name": one.name,
                "value": one.value,
                "source": one.source,
                "description": one.description,
            }
            for one in shown
        ]
        echo(json.dumps(listed, indent=2, ensure_ascii=False))
    else:
        for one in shown:
            echo(f"{one.name}={one.value}  ({one.source})\n    {one.description}")
    for sentence in unknown_names():
        echo(f"Warning: {sentence}", err=True)
