"""Pages of the reference that are made from the code each time the site is built. Each module makes
its own; tests/docs holds that nothing is missing.
"""

from collections.abc import Mapping

from tools.docs_site.reference import codes, commands, graphql, headers, limits, scopes, settings


def generated_pages() -> Mapping[str, str]:
    """Markdown of each page by its place on the site."""
    return {
        "reference/graphql-operations.md": graphql.operations(),
        "reference/graphql-types.md": graphql.types(),
        "reference/scopes.md": scopes.page(),
        "reference/commands.md": commands.page(),
        "reference/settings.md": settings.page(),
        "reference/errors.md": codes.errors(),
        "reference/exit-codes.md": codes.exit_codes(),
        "reference/headers.md": headers.page(),
        "reference/limits.md": limits.page(),
    }
