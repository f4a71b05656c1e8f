"""Go to a position that somebody wrote or pasted, and copy the ones on the map."""
