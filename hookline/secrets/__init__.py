"""Secrets at rest: the vault that seals them, and the rotation of its keys."""
