"""The pack manager: what is installed, what it was measured to do, fetching and installing."""
