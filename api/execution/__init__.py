"""GraphQL documents: limits, compiled mutations, execution, errors."""
