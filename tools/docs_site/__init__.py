"""The documentation's site: `make docs` makes it from docs/ and from the code."""
