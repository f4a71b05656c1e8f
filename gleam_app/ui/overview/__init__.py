"""All queries of the case on the map."""
