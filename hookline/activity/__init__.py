"""What happened in a workspace: the event log's writer, its live feed, and feeds shared by
subscribers.
"""
