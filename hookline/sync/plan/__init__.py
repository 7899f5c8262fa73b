"""Three-way comparison of file, last revision and database, and the policy that may block its plan.
Pure.
"""
