"""What people did, converted at the door: heard, looked up, or none of our business."""
