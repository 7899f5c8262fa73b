"""Pages beside GraphQL: for browsers, for probes of health, and the echo receiver."""
