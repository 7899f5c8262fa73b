"""Files of `hookline init`, and what to do after they are written. A file that is there is never
replaced.
"""

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from hookline.cli.own_command import own_command, shown
from hookline.cli.project import GITLAB, GITLAB_BESIDE, NO_PACKAGE, NO_SERVER, WEBHOOKS, Project
from hookline.sync.read.json_schema import make

SCHEMA: Final = "config/webhooks.v1.schema.json"
TEMPLATES: Final = Path(__file__).parent / "project_templates"


def write(project: Project, is_job_only: bool) -> list[str]:
    """Writes all files, or none; returns their names.

    Raises click.ClickException with the files that stand in the way, or what can't be written.
    """
    texts = dict[Path, str]() if is_job_only else _webhooks_files(project)
    if project.ci_file is not None:
        texts[project.ci_file] = _filled(f"{project.ci}.yml", project)
    if there := [path for path in texts if path.exists() or path.is_symlink()]:
        way_out = "--ci none" if there == [project.ci_file] else "--job-only"
        raise click.ClickException(
            f"{' and '.join(map(shown, there))} {'is' if len(there) == 1 else 'are'} there "
            "already, and nothing is replaced: move that away, or choose another --dir or "
            f"{way_out}."
        )
    for path, text in texts.items():
        _write(path, text)
    return [shown(path) for path in texts]


def next_steps(project: Project, is_job_only: bool) -> list[str]:
    """Lines that say what to do now."""
    command = own_command()
    lines = [] if is_job_only else _webhooks_steps(project, command)
    if project.ci_file is not None:
        return [*lines, *_job_steps(project, shown(project.ci_file), command)]
    place = shown(project.folder)
    job = f"{command} init --job-only --ci github" + ("" if place == "." else f" --dir {place}")
    return [*lines, f"There is no CI job yet: `{job}` (or gitlab) writes one."]


def _webhooks_steps(project: Project, command: str) -> list[str]:
    path = shown(project.folder / WEBHOOKS)
    file = "" if path == WEBHOOKS else f" -f {shlex.quote(path)}"
    is_unknown = project.server == NO_SERVER
    return [
        f"Put your URL into {path}, take out `active: false`, then:",
        "",
        f"  {command} sync validate{file}",
        f"  {command} login {project.server}"
        + ("    # not for `hookline dev` on this machine" if is_unknown else ""),
        f"  {command} sync plan{file}",
        f"  {command} sync apply{file}",
        "",
    ]


def _job_steps(project: Project, job_file: str, command: str) -> list[str]:
    lines = [
        f"{job_file} needs a token, as the secret variable HOOKLINE_TOKEN:",
        "",
        f"  {command} tokens create {project.set_name}-ci --role sync --set {project.set_name}",
        "",
    ]
    if project.ci_file == project.top / GITLAB_BESIDE:
        lines.append(f"Add to {GITLAB}: include: [{{ local: {GITLAB_BESIDE} }}]")
    if project.server == NO_SERVER:
        lines.append(f"Put your server's address into it, instead of {NO_SERVER}.")
    if project.package == NO_PACKAGE:
        lines.append(f"Say in it where pip finds Hookline, instead of {NO_PACKAGE}.")
    return lines


def _webhooks_files(project: Project) -> dict[Path, str]:
    schema = json.dumps(make(), indent=2, ensure_ascii=False)
    return {
        project.folder / WEBHOOKS: _filled("webhooks.yaml", project),
        project.folder / SCHEMA: f"{schema}\n",
    }


def _filled(template: str, project: Project) -> str:
    path = f"{project.prefix}{WEBHOOKS}"
    values: Mapping[str, str] = {
        "SET": project.set_name,
        "ENVIRONMENT": project.environment,
        "SERVER": _scalar(project.server),
        "PACKAGE": shlex.quote(project.package),
        "BRANCH": _scalar(project.branch),
        "PREFIX": project.prefix,
        "FILE": f" -f {path}" if project.prefix else "",
    }
    text = (TEMPLATES / template).read_text("utf-8")
    return re.sub("@([A-Z]+)@", lambda found: values[found[1]], text)


def _scalar(text: str) -> str:
    """A text of YAML, also within brackets."""
    return text if re.fullmatch(r"[A-Za-z][\w./:-]*\w", text) else json.dumps(text)


def _write(path: Path, text: str) -> None:
    """Raises click.ClickException."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # `x`: one that somebody else has made since the look is not replaced either.
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise click.ClickException(f"{shown(path)} can't be written: {error.strerror}.") from None
