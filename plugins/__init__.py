"""Source connectors that ship with DueBridge."""
