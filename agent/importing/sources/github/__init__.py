"""Issues and Projects of GitHub."""
