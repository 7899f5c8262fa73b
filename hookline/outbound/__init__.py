"""Requests to receivers, before they are sent: payload, templates, signature, head, permitted
addresses, TLS. Opens no connection.
"""
