"""What does a network remember? Dreams of many pictures, an independent judge, and statistics of what it saw."""
