"""Webhooks of the database as a webhooks file."""
