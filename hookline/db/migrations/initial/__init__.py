"""The tables, functions and indexes of 0001_initial, by subject. Frozen: functions/ holds copies of
the SQL functions as they were, so that an old database is brought forward the same way for ever.
"""
