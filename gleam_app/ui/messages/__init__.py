"""What is raised below the window, in the window's language."""
