"""Database access: connections, units of work, engines that survive cancellation, migrations."""
