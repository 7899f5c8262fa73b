"""What 0001_initial makes, by subject. Frozen: functions/ holds copies of the SQL functions as they
were, so that an old database is brought forward the same way for ever.
"""
