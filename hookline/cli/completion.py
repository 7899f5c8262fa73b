"""`hookline completion`: the script by which a shell completes commands, options and values."""

import click

from hookline.cli.terminal import echo

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script that lets SHELL complete `hookline …`.

    \b
    bash: hookline completion bash >~/.local/share/bash-completion/completions/hookline
    zsh:  hookline completion zsh >"${fpath[1]}/_hookline"
    fish: hookline completion fish >~/.config/fish/completions/hookline.fish
    """
    # 10 ms that no other command should pay.
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    root = context.find_root()
    echo(found(root.command, {}, "hookline", "_HOOKLINE_COMPLETE").source())
