"""Authentication by the tokens in the database. The transports call it for every request."""

from api.auth import Unauthenticated, bearer_token
from hookline.access.actor import Actor
from hookline.access.authenticator import Authenticator
from hookline.db.connection import Database


class TokenAuthenticator:
    """See api.auth.Authenticator."""

    def __init__(self, database: Database) -> None:
        self._tokens = Authenticator(database)

    async def authenticate(self, header_value: str | None) -> Actor:
        caller = await self._tokens.find(bearer_token(header_value))
        if caller is None:
            raise Unauthenticated
        return Actor(caller.workspace_id, caller.name, caller.scopes, token_id=caller.token_id)

    async def close(self) -> None:
        await self._tokens.close()
