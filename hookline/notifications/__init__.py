"""Notifications about webhooks, read over the API and sent by mail."""
