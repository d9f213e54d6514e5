"""The engine: it knows no product."""
