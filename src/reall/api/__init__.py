"""Every operation once: plain data in, the contract's plain data out. The command line, REST and MCP only pass on."""
