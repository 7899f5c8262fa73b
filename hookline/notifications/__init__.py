"""What Hookline tells people about their webhooks, in the console and by mail."""
