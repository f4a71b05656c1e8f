"use strict";
/* The map page: draws what Python tells it over the channel, and reports what the person does.
   Text from files and candidates is set as textContent only, never as HTML. */
window.gleam = (function () {
  const SVG = "http://www.w3.org/2000/svg";
  const ICONS = {  // 24 x 24 line drawings
    plus: ["M12 6v12M6 12h12"],
    minus: ["M6 12h12"],
    fit: ["M4 9V5h5M15 5h5v4M20 15v4h-5M9 19H4v-4"],
    north: ["M12 3 6 20l6-4 6 4z"],
    help: ["M12 3a9 9 0 1 0 0 18 9 9 0 1 0 0-18", "M9.6 9.5a2.5 2.5 0 0 1 4.9.8c0 1.7-2.5 2.5-2.5 2.5", "M12 16.2h.01"],
    empty: ["M3 6.5 9 4l6 2.5L21 4v13.5L15 20l-6-2.5L3 20z", "M9 4v13.5M15 6.5V20"],
  };
  let map, bridge, words = {}, imagery = null, sources = { bounds: null, outlines: [] };
  let places = new Map(), selected = null, shownKey = null, outlined = false, cameFrom = null;
  const layers = {}, rooms = [];

  function element(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  }

  function icon(name) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    for (const d of ICONS[name]) {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", d);
      svg.appendChild(path);
    }
    return svg;
  }

  // ---- controls -------------------------------------------------------------------------------
  const buttons = {};

  function button(bar, name, iconName, action) {
    const link = L.DomUtil.create("a", "", bar);
    link.href = "#";
    link.setAttribute("role", "button");
    link.appendChild(icon(iconName));
    L.DomEvent.disableClickPropagation(link);
    L.DomEvent.on(link, "click", (event) => { L.DomEvent.preventDefault(event); action(); });
    buttons[name] = link;
  }

  function addControls() {
    const north = L.control({ position: "topright" });
    north.onAdd = () => {
      const box = element("div", "north");
      box.append(icon("north"), element("span"));
      layers.northLetter = box.lastChild;
      return box;
    };
    north.addTo(map);
    const bar = L.control({ position: "topright" });
    bar.onAdd = () => {
      const box = element("div", "leaflet-bar");
      button(box, "zoom_in", "plus", () => map.zoomIn());
      button(box, "zoom_out", "minus", () => map.zoomOut());
      button(box, "fit", "fit", fitAll);
      return box;
    };
    bar.addTo(map);
    const help = L.control({ position: "topleft" });
    help.onAdd = () => {
      const box = element("div", "leaflet-bar");
      button(box, "help", "help", () => tell("help", null));
      return box;
    };
    help.addTo(map);
    map.on("zoomend zoomlevelschange", () => {
      buttons.zoom_in.classList.toggle("leaflet-disabled", map.getZoom() >= map.getMaxZoom());
      buttons.zoom_out.classList.toggle("leaflet-disabled", map.getZoom() <= map.getMinZoom());
    });
    const empty = element("div");
    empty.id = "empty";
    const box = element("div");
    box.append(icon("empty"), element("h1"), element("p"));
    empty.appendChild(box);
    document.body.appendChild(empty);
  }

  function setWords(next) {
    words = next;
    document.documentElement.lang = words.lang;
    map.getContainer().setAttribute("aria-label", words.map);
    document.title = words.map;
    for (const [name, link] of Object.entries(buttons)) {
      link.title = words[name];
      link.setAttribute("aria-label", words[name]);
    }
    layers.northLetter.textContent = words.north;
    document.querySelector("#empty h1").textContent = words.empty_title;
    document.querySelector("#empty p").textContent = words.empty_text;
  }

  function setUnits({ units }) {  // metres serve seafarers as well, so close
    if (layers.scale) layers.scale.remove();
    const imperial = units === "imperial";
    layers.scale = L.control.scale({ metric: !imperial, imperial, maxWidth: 120, position: "bottomleft" }).addTo(map);
  }

  function setTheme(theme) {
    for (const [name, value] of Object.entries(theme)) {
      document.documentElement.style.setProperty("--" + name, value);
    }
    for (const room of rooms) room.themed?.();
  }

  // ---- ground: imagery, outlines, graticule ---------------------------------------------------
  function showImagery() {
    const sharp = window.devicePixelRatio > 1 ? 2 : 1;
    if (imagery) imagery.remove();
    imagery = null;
    if (!sources.bounds) return;
    imagery = L.tileLayer(`/tiles/${sources.generation}/{z}/{x}/{y}/${256 * sharp}.png`, {
      bounds: sources.bounds, maxNativeZoom: Math.max(1, sources.native_zoom - (sharp - 1)), maxZoom: 24,
      keepBuffer: 3, updateWhenZooming: false,
    }).addTo(map);
  }

  function watchScreen() {  // the window may go to a screen of another density
    const now = matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
    now.addEventListener("change", () => { showImagery(); watchScreen(); }, { once: true });
  }

  function setSources(next) {
    const first = !sources.bounds;
    sources = next;
    showImagery();
    layers.coverage.clearLayers();
    if (sources.bounds) {
      map.setMaxZoom(Math.min(24, Math.max(sources.native_zoom + 3, 18)));
      for (const outline of sources.outlines) {
        L.polygon(outline.ring, { className: "coverage", fill: false, pane: "ground" })
          .bindTooltip(element("span", "", outline.name), { sticky: true, direction: "top", offset: [0, -8] })
          .addTo(layers.coverage);
      }
      if (first || !map.getBounds().intersects(sources.bounds)) fitAll();
    }
    showEmptiness();
  }

  function setCoverage(next) {  // outlines of tile sets, besides the imagery that is shown
    layers.sets.clearLayers();
    const there = L.latLngBounds([]);
    for (const set of next.sets) {
      const parts = set.rings.map((ring) => L.polygon(ring, { className: "set" + (set.new ? " set-new" : ""), pane: "sets", interactive: false }));
      const group = L.featureGroup(parts).addTo(layers.sets);
      if (set.go) there.extend(group.getBounds());
      const at = group.getBounds();
      L.marker([at.getNorth(), at.getCenter().lng], {
        interactive: false, keyboard: false, pane: "sets",
        icon: L.divIcon({ className: "set-name" + (set.new ? " set-new" : ""), html: element("span", "", set.name), iconSize: [0, 0] }),
      }).addTo(layers.sets);
    }
    outlined = next.sets.length > 0;
    showEmptiness();
    const visiting = next.sets.some((set) => set.new);
    if (visiting && !cameFrom && sources.bounds) cameFrom = [map.getCenter(), map.getZoom()];
    if (there.isValid()) map.fitBounds(there, { padding: [40, 40], animate: false });
    else if (cameFrom && !visiting) map.setView(...cameFrom, { animate: false });
    if (!visiting) cameFrom = null;
  }

  function showEmptiness() {
    document.body.classList.toggle("is-empty", !sources.bounds && places.size === 0 && !outlined);
  }

  function fitAll() {
    if (sources.bounds) map.fitBounds(sources.bounds, { padding: [16, 16], animate: false });
    else if (places.size) map.fitBounds(allPlaces(), { padding: [40, 40], animate: false });
  }

  const STEPS = [30, 15, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001];

  function drawGraticule() {
    layers.graticule.clearLayers();
    const view = map.getBounds();
    if (sources.bounds && L.latLngBounds(sources.bounds).contains(view)) return;
    const wanted = (view.getEast() - view.getWest()) / Math.max(2, map.getSize().x / 160);
    const step = STEPS.findLast((s) => s >= wanted) || STEPS[0];
    const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
    const style = { className: "graticule", interactive: false, pane: "graticule" };
    const label = (at, text, offset) => L.marker(at, {
      interactive: false, keyboard: false, pane: "graticule",
      icon: L.divIcon({ className: "graticule-label", html: element("span", "", text), iconSize: null, iconAnchor: offset }),
    }).addTo(layers.graticule);
    const south = Math.max(view.getSouth(), -85), north = Math.min(view.getNorth(), 85);
    for (let i = Math.ceil(view.getWest() / step); i * step <= view.getEast(); i++) {
      const lon = i * step, shown = ((lon + 540) % 360) - 180;
      L.polyline([[south, lon], [north, lon]], style).addTo(layers.graticule);
      if (map.latLngToContainerPoint([north, lon]).x > 72) label([north, lon], `${Math.abs(shown).toFixed(digits)}° ${shown < 0 ? "W" : "E"}`, [-4, -4]);
    }
    for (let i = Math.ceil(south / step); i * step <= north; i++) {
      const lat = i * step;
      L.polyline([[lat, view.getWest()], [lat, view.getEast()]], style).addTo(layers.graticule);
      label([lat, view.getWest()], `${Math.abs(lat).toFixed(digits)}° ${lat < 0 ? "S" : "N"}`, [-4, 18]);
    }
  }

  // ---- candidates -----------------------------------------------------------------------------
  function setLocation(location) {
    const known = location.key === shownKey;
    layers.places.clearLayers();
    places = new Map();
    shownKey = location.key;
    for (const candidate of [...location.candidates].reverse()) addPlace(candidate);
    showEmptiness();
    if (selected !== null) mark(selected, true);
    if (places.size && !known) showAll();
  }

  function addPlace(candidate) {
    const tone = " v-" + candidate.verdict, dashed = candidate.retrieval_only ? " dashed" : "";
    const shape = (className, extra) => Object.assign({ className: "fp " + className, interactive: false, pane: "places" }, extra);
    const at = [candidate.lat, candidate.lon], parts = [];
    const outline = candidate.ring.length
      ? (options) => L.polygon(candidate.ring, options)
      : (options) => L.circle(at, Object.assign({ radius: candidate.radius_m }, options));
    let top = at;
    if (candidate.ring.length || candidate.radius_m) {
      parts.push(outline(shape("fp-case" + dashed)));
      const line = outline(shape("fp-line" + tone + dashed, { interactive: true, bubblingMouseEvents: false }));
      line.on("click", () => choose(candidate.rank));
      line.bindTooltip(element("span", "", candidate.tip), { sticky: true, direction: "top", offset: [0, -8] });
      parts.push(line);
      if (candidate.ring.length) {
        top = candidate.ring.reduce((best, point) => (point[0] > best[0] ? point : best));
        if (candidate.radius_m) parts.push(L.circle(at, shape("radius" + tone, { radius: candidate.radius_m })));
        if (candidate.up) parts.push(L.polyline(candidate.up, shape("up" + tone)));
      }
    }
    parts.push(L.circleMarker(at, shape("spot" + tone, { radius: 4 })));
    const group = L.featureGroup(parts).addTo(layers.places);
    if (!candidate.ring.length && candidate.radius_m) top = [group.getBounds().getNorth(), candidate.lon];
    const badge = addBadge(candidate, top);
    places.set(candidate.rank, { candidate, parts, badge, bounds: group.getBounds() });
  }

  function addBadge(candidate, at) {
    const text = element("span");
    text.append(element("span", "", String(candidate.rank)), element("i", "", candidate.sign),
      element("span", "confidence", candidate.confidence));
    const badge = L.marker(at, {
      icon: L.divIcon({ className: "badge t-" + candidate.verdict, html: text, iconSize: [0, 0] }),
      keyboard: true, zIndexOffset: 10000 - 100 * candidate.rank, bubblingMouseEvents: false,
    }).addTo(layers.places);
    badge.on("click", () => choose(candidate.rank));
    badge.bindTooltip(element("span", "", candidate.tip), { direction: "top", offset: [0, -26] });
    const node = badge.getElement();
    node.setAttribute("role", "button");
    node.setAttribute("aria-label", candidate.tip);
    node.dataset.rank = candidate.rank;
    node.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      choose(candidate.rank);
    });
    return badge;
  }

  function choose(rank) {  // the second time one goes there
    if (rank === selected) map.fitBounds(places.get(rank).bounds, { padding: [80, 80], animate: false });
    bridge.clickCandidate(rank);
  }

  function mark(rank, on) {
    const place = places.get(rank);
    if (!place) return;
    for (const part of place.parts) {
      part.getElement()?.classList.toggle("selected", on);
      if (on && part.bringToFront) part.bringToFront();
    }
    place.badge.getElement().classList.toggle("selected", on);
    place.badge.setZIndexOffset(on ? 20000 : 10000 - 100 * rank);
  }

  function select(rank) {
    if (rank === selected) return;
    if (selected !== null) mark(selected, false);
    selected = rank;
    if (rank === null) return;
    mark(rank, true);
    if (places.has(rank)) reveal(places.get(rank).bounds);
  }

  function inner(margin) {  // the view less its margins, where a place counts as seen
    const size = map.getSize(), edge = L.point(margin, margin);
    return L.latLngBounds(map.containerPointToLatLng(edge), map.containerPointToLatLng(size.subtract(edge)));
  }

  function reveal(bounds) {
    const extent = extentOf(bounds), room = Math.min(map.getSize().x, map.getSize().y);
    if (inner(32).contains(bounds)) return;
    if (extent > room - 64) map.fitBounds(bounds, { padding: [48, 48] });
    else map.panTo(bounds.getCenter(), { duration: 0.14 });
  }

  function allPlaces() {
    const bounds = L.latLngBounds([]);
    for (const place of places.values()) bounds.extend(place.bounds);
    return bounds;
  }

  function extentOf(bounds) {  // pixels
    const a = map.latLngToContainerPoint(bounds.getNorthWest()), b = map.latLngToContainerPoint(bounds.getSouthEast());
    return Math.max(b.x - a.x, b.y - a.y);
  }

  function showAll() {
    const bounds = allPlaces(), tiny = extentOf(bounds) < 48;  // as on a map of the world, without imagery
    if (tiny || !inner(24).contains(bounds)) map.fitBounds(bounds.pad(0.1), { padding: [32, 32], maxZoom: 19, animate: false });
  }

  // ---- the channel ----------------------------------------------------------------------------
  const hear = {
    theme: setTheme, words: setWords, units: setUnits, sources: setSources, coverage: setCoverage, location: setLocation,
    select: (message) => select(message.rank),
    fly: (to) => map.setView([to.lat, to.lon], Math.max(map.getZoom(), to.zoom), { duration: 0.14 }),
  };

  /* A room is a tool of the page in a file of its own: what it hears by kind, and perhaps what it does
     at the start and after a change of theme. It speaks by gleam.tell. */
  function addRoom(room) {
    rooms.push(room);
    Object.assign(hear, room.hear);
  }

  function tell(kind, payload) { bridge?.tell(kind, JSON.stringify(payload)); }

  function tellCentre() {
    const at = map.getCenter().wrap();
    tell("centre", [at.lat, at.lng]);
  }

  function connect() {
    new QWebChannel(qt.webChannelTransport, (channel) => {
      bridge = channel.objects.bridge;
      bridge.message.connect((kind, body) => hear[kind](JSON.parse(body)));
      bridge.ready();
      tellCentre();
    });
    let where = null;
    map.on("moveend", tellCentre);
    map.on("mousemove", (event) => {  // at most once a frame
      if (!where) requestAnimationFrame(() => { if (where) bridge.moveCursor(where.lat, where.lng); where = null; });
      where = event.latlng.wrap();
    });
    map.on("mouseout", () => { where = null; bridge.leaveCursor(); });
  }

  function start(leafletMap) {
    map = leafletMap;
    for (const [name, z] of [["graticule", 150], ["ground", 160], ["sets", 440], ["places", 450]]) map.createPane(name).style.zIndex = z;
    // what is drawn there says nothing to a screen reader that the badges do not say
    for (const name of ["tilePane", "overlayPane", "graticule", "ground", "sets", "places"]) map.getPane(name).setAttribute("aria-hidden", "true");
    layers.graticule = L.layerGroup().addTo(map);
    layers.coverage = L.layerGroup().addTo(map);
    layers.sets = L.layerGroup().addTo(map);
    layers.places = L.layerGroup().addTo(map);
    addControls();
    map.on("moveend resize", drawGraticule);
    map.on("zoomend", () => map.getContainer().classList.toggle("between", map.getZoom() % 1 !== 0));
    map.getContainer().addEventListener("keydown", (event) => { if (event.key === "Home") fitAll(); });
    watchScreen();
    for (const room of rooms) room.start?.(map);
    connect();
  }

  return { start, addRoom, tell, element, busy: () => !bridge || Boolean(imagery && imagery.isLoading()), get map() { return map; } };
})();
