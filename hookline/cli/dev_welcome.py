"""The first thing `hookline dev` says: where everything is, and two commands that work when pasted.
Neither has the link or the token in its arguments, which other users of the machine can see.
"""

import shlex
from pathlib import Path

from hookline import __version__
from hookline.cli.own_command import own_command, shown
from hookline.settings.fields import Settings

QUERY = (
    "{ attempts(first: 5) { nodes { outcome statusCode durationMs event { type } webhook { "
    "name } } } }"
)


def welcome(settings: Settings, url: str, link: str, path: Path) -> str:
    """link: to the console with the token, for one use. path: the webhooks file."""
    home = shown(settings.home)
    webhooks = (
        f"{shown(path)}, followed for changes"
        if path.exists()
        else f"{shown(path)} is not there; it is applied once it is"
    )
    return f"""
Hookline {__version__} runs at {url} (Ctrl-C ends it).

  Console    {link}
             in a browser of this machine; the link works once, and the next one is printed here
  GraphiQL   {url}/graphql
  Receiver   {url}/_echo     shows what came; {url}/_echo/fail answers 500
  Docs       {url}/docs
  Webhooks   {webhooks}
  Data       {home}/: hookline.db, key, token

Try next, in another terminal:

  {publish_command(settings, url)}

  sed 's/^/Authorization: Bearer /' {shlex.quote(home)}/token | curl -s {url}/graphql -H @- \\
    -H 'Content-Type: application/json' \\
    -d '{{"query": "{QUERY}"}}'

Each attempt is told here:
"""


def used(link: str) -> str:
    """The next link, and what a link means that somebody else has used."""
    return (
        f"The link to the console was used. The next one: {link}\n"
        "(If that was not you, another user of this machine has the token: revoke it with "
        "`hookline token revoke`.)"
    )


def publish_command(settings: Settings, url: str) -> str:
    """`hookline publish …` as it has to be typed in this folder, with what it needs to find this
    server and its token.
    """
    environment = (
        ""
        if settings.home == Path("var")
        else f"HOOKLINE_HOME={shlex.quote(shown(settings.home))} "
    )
    server = "" if url == settings.server else f" --server {url}"
    data = """-d '{"id": 1, "total": 99.5}'"""
    return f"{environment}{own_command()} publish order.order.create{server} {data}"
