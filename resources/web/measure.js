"use strict";
/* Measuring: reports where the person clicks, and draws the lines and figures that come back.
   Keys: arrows move the map, Enter sets a point at its middle, Backspace takes one back, Esc ends. */
(function () {
  let map, on = false, drawn, byKeys = false, waiting = false;
  const point = (at) => { const { lat, lng } = at.wrap(); return [lat, lng]; };

  function setMeasure(next) {
    on = next.on;
    map.getContainer().classList.toggle("measuring", on);
    map.doubleClickZoom[on ? "disable" : "enable"]();
    if (!on) steer(false);
    drawn.clearLayers();
    if (!on) return;
    const style = (className) => ({ className, interactive: false, pane: "measure" });
    if (next.ring.length) L.polygon(next.ring, style("measure-area")).addTo(drawn);
    for (const line of [next.line, next.live]) {
      if (line.length < 2) continue;
      L.polyline(line, style("measure-case")).addTo(drawn);
      L.polyline(line, style("measure-line" + (line === next.live ? " live" : ""))).addTo(drawn);
    }
    for (const at of next.points) L.circleMarker(at, { ...style("measure-point"), radius: 4 }).addTo(drawn);
    for (const label of next.labels) {
      L.marker(label.at, {
        interactive: false, keyboard: false, pane: "measure",
        icon: L.divIcon({ className: "measure-label", html: gleam.element("span", "", label.text), iconSize: [0, 0] }),
      }).addTo(drawn);
    }
  }

  function steer(keys) {  // whether the middle of the map is the pointer
    byKeys = keys;
    map.getContainer().classList.toggle("by-keys", keys);
  }

  function hover(at) {  // at most once a frame
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; if (on) gleam.tell("measure_hover", point(at)); });
  }

  function key(event) {
    if (!on) return;
    const known = { Enter: "measure_add", Backspace: "measure_undo", Escape: "measure_end" }[event.key];
    if (event.key.startsWith("Arrow")) {
      steer(true);
      return;
    }
    if (!known) return;
    event.preventDefault();
    event.stopPropagation();
    if (known !== "measure_add") gleam.tell(known, null);
    else if (byKeys) gleam.tell(known, point(map.getCenter()));
    else { steer(true); hover(map.getCenter()); }
  }

  gleam.addRoom({
    hear: { measure: setMeasure },
    start(leafletMap) {
      map = leafletMap;
      map.createPane("measure").style.zIndex = 640;
      drawn = L.layerGroup().addTo(map);
      map.on("click", (event) => { if (on) { steer(false); gleam.tell("measure_add", point(event.latlng)); } });
      map.on("mousemove", (event) => { if (on) { steer(false); hover(event.latlng); } });
      map.on("move", () => { if (on && byKeys) hover(map.getCenter()); });
      map.getContainer().addEventListener("keydown", key, true);
    },
  });
})();
