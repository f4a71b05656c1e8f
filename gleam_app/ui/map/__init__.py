"""The map: a folium page on Leaflet in QtWebEngine, fed from memory over ``gleam://``."""
