"""The activity log of a workspace: its writer, its live feed, and feeds that subscribers share."""
