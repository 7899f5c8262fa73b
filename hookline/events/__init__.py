"""Publishing, event types and their schemas."""
