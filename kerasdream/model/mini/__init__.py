"""The embedded network: a small student of InceptionV3 that ships with the package."""
