"""The configuration: its schema, defaults and checks."""
