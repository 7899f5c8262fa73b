"""Measurements, never assertions: what Hookline does on this machine, as JSON. Run by
`make bench`.
"""
