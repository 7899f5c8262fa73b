"""Settings from the environment and .env: fields, the URLs in them, the list for people."""
