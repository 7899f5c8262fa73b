"""The HTTP edge: GraphQL over HTTP, WebSocket and server-sent events, and the health pages. Only
`api.lifespan` imports workers.
"""
