"""What the query's file says of its camera, what it implies, and how that fits the answer."""
