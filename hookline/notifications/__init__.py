"""Notifications about webhooks, in the console and by mail."""
