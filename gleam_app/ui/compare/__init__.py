"""Query and candidate side by side or one over the other, with their matched points."""
