"""The worker: its actors, and the loop that claims due deliveries, sends them and records
attempts.
"""
