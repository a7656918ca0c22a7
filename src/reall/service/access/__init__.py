"""Who may do what. Deny by default: a route without a named operation is refused when the service starts."""
