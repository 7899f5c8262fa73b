"""`hookline init`: the files by which a repository keeps webhooks. Asks no server, and never
replaces a file.
"""

from pathlib import Path

import click

from hookline.cli.terminal import echo


@click.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    show_default=True,
    help="Where config/ goes: the top of a repository, or a folder of it.",
)
@click.option(
    "--ci",
    type=click.Choice(["github", "gitlab", "none"]),
    help="Whose job to write. [default: by the git remote, else by the files that are there]",
)
@click.option(
    "--job-only", is_flag=True, help="Write the job alone, for a webhooks file that is there."
)
@click.option(
    "--set",
    "set_name",
    metavar="NAME",
    help="The name of what the file owns on the server. [default: that of the folder]",
)
@click.option(
    "--server",
    metavar="URL",
    help="The server that the job speaks to. [default: HOOKLINE_SERVER, else that of the profile, "
    "unless it is this machine]",
)
@click.option(
    "--package",
    metavar="SPEC",
    help="What the job hands to pip. [default: the repository that this Hookline comes from]",
)
def init(
    folder: Path,
    ci: str | None,
    job_only: bool,
    set_name: str | None,
    server: str | None,
    package: str | None,
) -> None:
    """Begin to keep webhooks in git: write a first file and a CI job.

    Writes config/webhooks.yaml with an example, its JSON Schema for editors, and a job of GitHub or
    GitLab that plans what is proposed and applies what is merged. Where one of these files is there
    already, nothing is written. Prints the names of the files, and on standard error what to do
    next.
    """
    from hookline.cli import project_files
    from hookline.cli.project import project_of

    project = project_of(folder.resolve(), ci, set_name, server, package)
    if job_only and project.ci_file is None:
        raise click.UsageError(
            "--job-only needs to know whose job: add --ci github or --ci gitlab."
        )
    for path in project_files.write(project, job_only):
        echo(path)
    for line in project_files.next_steps(project, job_only):
        echo(line, err=True)
