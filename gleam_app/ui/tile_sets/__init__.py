"""The tile sets: choosing, adding, building and looking after them."""
