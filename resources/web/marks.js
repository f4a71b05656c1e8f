"use strict";
/* Marks on the map: the place that was gone to, the camera as the file has it, the circle searched in. */
(function () {
  const layers = {};
  const quiet = (className) => ({ className, interactive: false, pane: "marks" });

  function setMark(mark) {
    layers.mark.clearLayers();
    if (!mark.at) return;
    const pin = gleam.element("span", "", mark.text);
    const marker = L.marker(mark.at, {
      icon: L.divIcon({ className: "pin", html: pin, iconSize: [0, 0] }), pane: "marks", bubblingMouseEvents: false,
    }).addTo(layers.mark);
    const node = marker.getElement();
    node.setAttribute("role", "button");
    node.setAttribute("aria-label", `${mark.text} – ${mark.hint}`);
    marker.bindTooltip(gleam.element("span", "", mark.hint), { direction: "top", offset: [0, -34] });
    marker.on("click", () => gleam.tell("mark_removed", null));
    node.addEventListener("keydown", (event) => {
      if (["Enter", " ", "Delete"].includes(event.key)) gleam.tell("mark_removed", null);
    });
  }

  function setCamera(camera) {
    layers.camera.clearLayers();
    if (!camera.at) return;
    if (camera.outline.length) L.polygon(camera.outline, quiet("camera-ground")).addTo(layers.camera);
    if (camera.wedge.length) L.polygon(camera.wedge, quiet("camera-wedge")).addTo(layers.camera);
    if (camera.accuracy_m) L.circle(camera.at, { ...quiet("camera-accuracy"), radius: camera.accuracy_m }).addTo(layers.camera);
    if (camera.aim) L.polyline([camera.at, camera.aim], quiet("camera-aim")).addTo(layers.camera);
    const icon = gleam.element("span", camera.contradicts ? "contradicts" : "", camera.label);
    L.marker(camera.at, {
      icon: L.divIcon({ className: "camera", html: icon, iconSize: [0, 0] }), keyboard: false, pane: "marks",
    }).bindTooltip(gleam.element("span", "", camera.tip), { direction: "top", offset: [0, -12] }).addTo(layers.camera);
  }

  function setNear(near) {
    layers.near.clearLayers();
    if (near.at) L.circle(near.at, { ...quiet("near"), radius: near.radius_m }).addTo(layers.near);
  }

  gleam.addRoom({
    hear: { mark: setMark, camera: setCamera, near: setNear },
    start(map) {
      map.createPane("marks").style.zIndex = 620;
      for (const name of ["near", "camera", "mark"]) layers[name] = L.layerGroup().addTo(map);
    },
  });
})();
