"""A webhooks file to a checked document, with the place of every value. Needs no database."""
