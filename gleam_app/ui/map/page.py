"""The map page: a folium map whose every file comes from ``gleam://``."""

import base64
import hashlib
from functools import cache

MAP_NAME = "gleam_map"

_TEMPLATE = """
{% macro header(this, kwargs) %}
<meta name="viewport" content="width=device-width, initial-scale=1">
{% endmacro %}
{% macro html(this, kwargs) %}
<div id="{{ this.get_name() }}" role="application"></div>
{% endmacro %}
{% macro script(this, kwargs) %}
gleam.start(L.map(
  {{ this.get_name()|tojson }},
  { center: {{ this.location|tojson }}, ...{{ this.options|tojavascript }} }
));
{% endmacro %}
"""


@cache
def build_page() -> bytes:
    """The HTML of the map, UTF-8.

    It holds nothing that comes from a file: sources and candidates follow over the channel. A content
    policy lets the page run our scripts and nothing else, whatever a file name tries.
    Call off the GUI thread: the first call imports folium (about 0.4 s).
    """
    import folium
    from folium.template import Template

    class MapPage(folium.Map):  # type: ignore[misc]
        """folium's map with our own files in place of its links to the web."""

        _template = Template(_TEMPLATE)
        default_js = [  # noqa: RUF012 - folium reads plain class lists
            ("leaflet", "/web/leaflet.js"),
            ("channel", "/web/qwebchannel.js"),
            ("map", "/web/map.js"),
            ("marks", "/web/marks.js"),
            ("measure", "/web/measure.js"),
            ("menu", "/web/menu.js"),
            ("queries", "/web/queries.js"),
        ]
        default_css = [  # noqa: RUF012
            ("leaflet-style", "/web/leaflet.css"),
            ("map-style", "/web/map.css"),
            ("rooms-style", "/web/rooms.css"),
        ]

        def get_name(self) -> str:
            return MAP_NAME

    page = MapPage(
        location=(0.0, 0.0),
        zoom_start=2,
        tiles=None,
        zoom_control=False,
        attribution_control=False,
        fade_animation=False,
        world_copy_jump=True,
        zoom_snap=0.5,
        min_zoom=1,
        max_zoom=24,
    )
    html: str = page.get_root().render()
    return _with_policy(html).encode("utf-8")


def _with_policy(html: str) -> str:
    """``html`` with a content security policy that knows its one inline script by hash."""
    script = html.rpartition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    policy = (
        "default-src 'none'; img-src gleam: data:; style-src gleam: 'unsafe-inline'; "
        f"script-src gleam: 'sha256-{digest}'"
    )
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    return html.replace("<head>", f'<head>\n<meta charset="utf-8">\n{meta}', 1)
