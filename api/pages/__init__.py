"""What browsers and probes get beside GraphQL: pages, health, the echo receiver."""
