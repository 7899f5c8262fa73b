"""The webhook form: its table of fields, what each takes, filters, rates, durations. Pure; API,
YAML and columns follow from it.
"""
