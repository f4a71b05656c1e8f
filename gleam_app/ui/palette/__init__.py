"""The command palette: every command, query, tile set and position by a few letters."""
