"""Version-controlled YAML into the database: read, plan, apply, show."""
