"""The webhook form: a table of fields, the kinds of their values, filters, rates, durations. Pure;
API, YAML and columns follow from it.
"""
