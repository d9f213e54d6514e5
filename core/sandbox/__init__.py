"""Stand-in servers for the products: they keep state and refuse what the real services refuse."""
