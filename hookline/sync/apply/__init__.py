"""A plan to rows, in one transaction."""
