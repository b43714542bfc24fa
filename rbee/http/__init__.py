"""How the roles speak: HTTP and server-sent events over aiohttp.

`server` is what every daemon is on its outside, `client` is how one daemon speaks to another,
`events` is a stream of events that can be followed from its beginning.
"""
