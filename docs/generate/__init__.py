"""Generated parts of the documents: the settings tables and the picture of a decision."""
