"""Verbs for webhooks: create, change, delete, rotate secrets and keys, dry run, test."""
