"""The studio: a dream machine in the browser, on one's own machine."""
