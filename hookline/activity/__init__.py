"""The log of what happened in a workspace: its writer, its live feed, and feeds that subscribers
share.
"""
