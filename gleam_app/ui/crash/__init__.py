"""What is shown when the program itself is at fault, and the report that can be saved."""
