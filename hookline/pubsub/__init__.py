"""The hub: wake-ups for running pumps and announcements for subscriptions.

It may lose, repeat or reorder anything; the database is asked for the truth.
"""
