"""Target connectors that ship with DueBridge."""
