"""Who may do what, and who did: tokens, and the audit log."""
