"""uvicorn's settings, by which the protocols of a server find what they share."""

from uvicorn.config import Config

from hookline.serving.connections import Connections


class BoundedConfig(Config):
    connections: Connections
