"""How dates are written here, per language, where it differs from Django's own choice."""
