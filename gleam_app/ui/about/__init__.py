"""About the program: which build it is, which packs it has, and what others made."""
