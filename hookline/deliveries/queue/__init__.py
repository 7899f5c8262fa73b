"""The hot path on each database: publish, claim, record, sweep. Set-based statements, one round
trip per batch.

base.py says what both take and give; docs/engine.md what they promise.
"""
