"""The database's edge: connections, units of work, engines that survive cancellation,
migrations.
"""
