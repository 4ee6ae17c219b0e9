"""Migration of every database of the catalogue, by a role that need not be a superuser."""
