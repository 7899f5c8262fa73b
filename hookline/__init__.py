"""The core of Hookline: webhooks, events, deliveries. It knows nothing of HTTP servers
or GraphQL.
"""

__version__ = "0.1.0"
