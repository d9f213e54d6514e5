"""Where the program meets the world: one library, one room."""
