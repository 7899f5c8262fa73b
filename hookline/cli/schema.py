"""`hookline schema`: prints the GraphQL schema that this version serves. `make schema` writes it to
schema.graphql.
"""

from importlib import import_module

import click

from hookline.cli.terminal import echo


@click.command()
def schema() -> None:
    """Print the GraphQL schema."""
    # By its name: the core does not import the API.
    echo(import_module("api.schema").export(), nl=False)
