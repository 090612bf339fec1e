"""A desk to look at: starts `desk` processes in a temporary folder and talks to them over HTTP like any client."""
