"""Draws the house from its imports. Used by `make docs` and `make check`, never by Hookline."""
