"""Deliveries from matching to the log: queue, registry, retries, health, jobs, retention,
statistics.
"""
