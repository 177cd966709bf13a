"""What Linefeed itself serves over HTTP."""
