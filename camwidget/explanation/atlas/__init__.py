"""Every filter of a network on web pages that need no network and no server.

May import: what its floor may, and `ascent`.
"""

from .build import filter_atlas as filter_atlas
