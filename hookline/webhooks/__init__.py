"""Verbs for webhooks: create, change, delete, rotate secrets, dry run, test."""
