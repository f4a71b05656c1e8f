"use strict";
/* What the right mouse button is pressed on, or the menu key: a candidate's badge, or a position.
   The menu itself is the window's. */
(function () {
  let map;

  function open(point, badge) {
    const at = map.containerPointToLatLng(point).wrap();
    const rank = badge ? Number(badge.dataset.rank) : null;
    gleam.tell("menu", { at: [at.lat, at.lng], x: point.x, y: point.y, rank });
  }

  function byMouse(event) {
    event.preventDefault();
    if (event.button === 2) open(map.mouseEventToContainerPoint(event), event.target.closest("[data-rank]"));
  }

  function byKeys(event) {
    if (event.key !== "ContextMenu" && !(event.key === "F10" && event.shiftKey)) return;
    event.preventDefault();
    event.stopPropagation();
    const badge = event.target.closest("[data-rank]");
    if (!badge) return open(map.getSize().divideBy(2), null);
    const box = badge.getBoundingClientRect(), frame = map.getContainer().getBoundingClientRect();
    open(L.point(box.left + box.width / 2 - frame.left, box.bottom - frame.top), badge);
  }

  gleam.addRoom({
    hear: {},
    start(leafletMap) {
      map = leafletMap;
      map.getContainer().addEventListener("contextmenu", byMouse);
      map.getContainer().addEventListener("keydown", byKeys, true);
    },
  });
})();
