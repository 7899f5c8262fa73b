"""Hookline's story, told end to end: real processes, real receivers, both databases. Read these
first.
"""
