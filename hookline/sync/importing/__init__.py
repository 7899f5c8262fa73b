"""Webhooks of other products as a webhooks file: Hasura, WebhookX, Svix."""
