"""What people and programs do with webhooks: create, change, delete, rotate secrets, try."""
