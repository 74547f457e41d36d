"""The Django project: settings, people and tokens, the shell of the pages, health."""
