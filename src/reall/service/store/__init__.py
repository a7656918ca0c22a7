"""Cases, assessments and board decisions with all their versions, and an audit log. Knows nothing of the web.

Start at `store.open_store`; what it hands out is in `records`, what can go wrong in `errors`.
"""
