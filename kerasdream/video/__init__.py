"""Films: frames written as MP4, WebM, GIF, WebP or a folder of pictures."""
