"""What the program can say about itself: the doctor, the log, crashes, and a report without private data."""
