"""Bounds of what a connection may take before its token is known, as protocols of uvicorn."""
