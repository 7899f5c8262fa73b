"""Signals between processes: the hub (wake-ups, announcements) and the broker (Dramatiq's messages
to the worker's actors). They may lose, repeat or reorder anything: a message carries ids, the rows
in the database are the truth.
"""
