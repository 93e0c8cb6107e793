"""Pictures in and out, with numpy and Pillow alone."""
