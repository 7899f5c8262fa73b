"""`hookline open`: the console in a browser, at the page of an object."""

from typing import Final

import click

from hookline.cli.asking import RemoteServer, asking
from hookline.cli.terminal import echo
from hookline.text import printable

# As the console's own field for ids has it.
PATHS: Final = {
    "wh": "/webhooks/{}",
    "evt": "/events/{}",
    "dlv": "/activity?object={}",
    "att": "/activity?attempt={}",
    "job": "/activity?job={}",
    "ety": "/types?type={}",
    "tok": "/tokens?token={}",
    "aud": "/audit?entry={}",
}


@click.command("open")
@click.argument("object_id", metavar="[ID]", default="")
@click.option("--print", "is_printed", is_flag=True, help="Print the address alone.")
@asking("viewer")
def open_page(server: RemoteServer, object_id: str, is_printed: bool) -> None:
    """Open the console in a browser, also at the page of an object.

    That is a webhook (wh_… or its slug), an event (evt_…), a delivery (dlv_…), an attempt (att_…),
    a job (job_…), a type of the catalogue (ety_…), a token (tok_…) or an audit entry (aud_…). Where
    there is no browser, its address is printed.
    """
    url = server.access.server + _path(server, object_id)
    # Not click's own, which tells success of a browser that is not there.
    import webbrowser

    if is_printed or not webbrowser.open(url):
        echo(url)
    else:
        echo(f"Opened {url}", err=True)


def _path(server: RemoteServer, object_id: str) -> str:
    from hookline.cli.webhooks import webhook_of

    if not object_id:
        return "/"
    kind, mark, key = object_id.partition("_")
    if kind in PATHS and mark and key.isalnum() and key.isascii():
        return PATHS[kind].format(object_id)
    if mark:
        raise click.BadParameter(
            f"{printable(object_id)!r} has no page: there are pages for "
            f"{', '.join(f'{kind}_…' for kind in PATHS)}."
        )
    return PATHS["wh"].format(webhook_of(server, object_id)["id"])
