"""HTTP, Server-Sent Events and WebSocket: bytes in, bytes out. Knows no field of the schema."""
