"""The Web API: its methods, limits and faults, and the HTTP around them."""
