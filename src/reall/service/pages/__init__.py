"""Pages in a browser: server-rendered, readable without scripts, nothing asked of a third party."""
