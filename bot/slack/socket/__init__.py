"""The connection that events come by."""
