"""Draws the packages and their layers from the imports. Used by `make docs` and `make check`, never
by Hookline.
"""
