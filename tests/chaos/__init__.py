"""Hookline killed, frozen and cut off under load, and a ledger that says whether anything was lost
or sent too often.
"""
