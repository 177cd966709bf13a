"""What people do to the app, and how it may answer."""
