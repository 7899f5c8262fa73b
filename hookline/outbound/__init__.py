"""What is sent and where it may go: payload, templates, signature, request head, addresses, TLS.
Opens no connection.
"""
