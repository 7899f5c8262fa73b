"""Actors and their rights: tokens, workspaces, and the audit log of who changed what."""
