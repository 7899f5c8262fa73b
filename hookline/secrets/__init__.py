"""Secrets at rest: the vault that seals them, and where a webhook has them."""
