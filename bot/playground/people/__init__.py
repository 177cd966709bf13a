"""What people and other apps say, as it is stored."""
