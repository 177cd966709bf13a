"""What people ask for beside the queue: answered to one person, or done to a reply."""
