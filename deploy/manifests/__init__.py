"""Manifests of a cluster: where they are, and what is made from the catalogue."""
