"use strict";
/* All queries of the case as points on one canvas: thousands stay smooth, near ones stand together. */
(function () {
  const CELL = 46, HIT = 14, PADDING = 0.25;
  const VERDICTS = ["verified", "strong", "possible", "unverified"];
  let map, canvas, legend, shown = false, signs = {}, colours = {}, drawing = 0, turn = 0, selected = null;
  const queries = new Map();  // id -> {id, at, verdict, decision, name}
  let items = [];  // what is on the canvas: {x, y, members}, in pixels of the map pane
  let sprites = new Map(), tip;

  function setQueries(next) {
    if (next.all) queries.clear();
    for (const id of next.gone) queries.delete(id);
    for (const [id, lat, lon, verdict, decision, name] of next.set) {
      queries.set(id, { id, at: L.latLng(lat, lon), verdict, decision, name });
    }
    selected = next.selected;
    signs = next.signs;
    const first = next.on && !shown;
    shown = next.on;
    canvas.style.display = shown ? "" : "none";
    writeLegend(next);
    hideTip();
    if (first) fit();
    redraw();
  }

  function fit() {
    const bounds = L.latLngBounds([]);
    for (const one of queries.values()) bounds.extend(one.at);
    if (bounds.isValid() && !map.getBounds().contains(bounds)) map.fitBounds(bounds, { padding: [48, 48], maxZoom: 18, animate: false });
  }

  function redraw() {
    if (!drawing && shown) drawing = requestAnimationFrame(() => { drawing = 0; draw(); });
  }

  /* Points of one cell of a grid stand together, at their mean; what is accepted or selected is no reason
     to stand alone, so the picture at one zoom does not jump. Beyond zoom 17 nothing is put together but
     what lies on the same pixels. */
  function gather() {
    const zoom = map.getZoom(), cell = zoom > 17 ? 6 : CELL, cells = new Map();
    for (const one of queries.values()) {
      const at = map.project(one.at, zoom), key = Math.floor(at.x / cell) + ":" + Math.floor(at.y / cell);
      const known = cells.get(key);
      if (known) { known.x += at.x; known.y += at.y; known.members.push(one); }
      else cells.set(key, { x: at.x, y: at.y, members: [one] });
    }
    const origin = map.getPixelOrigin();
    return [...cells.values()].map(({ x, y, members }) => (
      { x: x / members.length - origin.x, y: y / members.length - origin.y, members }));
  }

  function draw() {
    const size = map.getSize(), ratio = window.devicePixelRatio || 1, pad = size.multiplyBy(PADDING).round();
    const topLeft = map.containerPointToLayerPoint([0, 0]).subtract(pad), whole = size.add(pad.multiplyBy(2));
    L.DomUtil.setPosition(canvas, topLeft);
    if (canvas.width !== Math.round(whole.x * ratio) || canvas.height !== Math.round(whole.y * ratio)) {
      canvas.width = Math.round(whole.x * ratio);
      canvas.height = Math.round(whole.y * ratio);
      canvas.style.width = whole.x + "px";
      canvas.style.height = whole.y + "px";
      sprites.clear();
    }
    const ink = canvas.getContext("2d");
    ink.setTransform(ratio, 0, 0, ratio, 0, 0);
    ink.clearRect(0, 0, whole.x, whole.y);
    items = gather();
    for (const item of items) {
      const x = item.x - topLeft.x, y = item.y - topLeft.y;
      if (x < -30 || y < -30 || x > whole.x + 30 || y > whole.y + 30) continue;
      const picture = sprite(item.members, ratio), half = picture.width / ratio / 2;
      ink.drawImage(picture, x - half, y - half, 2 * half, 2 * half);
      if (item.members.some((one) => one.id === selected)) ring(ink, x, y, half);
    }
  }

  function ring(ink, x, y, half) {
    ink.lineWidth = 3;
    ink.strokeStyle = colours.accent;
    ink.beginPath();
    ink.arc(x, y, half + 1, 0, 2 * Math.PI);
    ink.stroke();
  }

  function sprite(members, ratio) {
    const alone = members.length === 1, one = members[0];
    const accepted = members.some((m) => m.decision === 1);
    const key = alone ? one.verdict + "/" + one.decision : members.length + "/" + accepted;
    let picture = sprites.get(key);
    if (!picture) {
      const side = alone ? 24 : members.length < 10 ? 30 : members.length < 100 ? 36 : 44;
      picture = document.createElement("canvas");
      picture.width = picture.height = Math.round(side * ratio);
      const ink = picture.getContext("2d");
      ink.scale(ratio, ratio);
      if (alone) paintOne(ink, side / 2, one);
      else paintMany(ink, side / 2, members.length, accepted);
      sprites.set(key, picture);
    }
    return picture;
  }

  /* Shape tells the decision (circle open, diamond accepted, cross rejected), colour and sign the verdict. */
  function paintOne(ink, middle, { verdict, decision }) {
    const tone = colours[VERDICTS[verdict]];
    ink.translate(middle, middle);
    if (decision === 2) {
      for (const [width, colour] of [[6, colours.panel], [2.5, colours.contradicted]]) {
        ink.lineWidth = width;
        ink.strokeStyle = colour;
        ink.lineCap = "round";
        ink.beginPath();
        ink.moveTo(-5, -5); ink.lineTo(5, 5); ink.moveTo(5, -5); ink.lineTo(-5, 5);
        ink.stroke();
      }
      return;
    }
    ink.beginPath();
    if (decision === 1) { ink.moveTo(0, -11); ink.lineTo(11, 0); ink.lineTo(0, 11); ink.lineTo(-11, 0); ink.closePath(); }
    else ink.arc(0, 0, 8, 0, 2 * Math.PI);
    ink.fillStyle = decision === 1 ? tone : colours.panel;
    ink.strokeStyle = decision === 1 ? colours.panel : tone;
    ink.lineWidth = decision === 1 ? 1.5 : 2;
    ink.fill();
    ink.stroke();
    ink.fillStyle = decision === 1 ? colours.panel : tone;
    ink.font = "600 11px " + colours.font;
    ink.textAlign = "center";
    ink.textBaseline = "middle";
    ink.fillText(decision === 1 ? "✓" : signs[VERDICTS[verdict]] || "", 0, 0.5);
  }

  function paintMany(ink, middle, count, accepted) {
    ink.translate(middle, middle);
    ink.beginPath();
    ink.arc(0, 0, middle - 3, 0, 2 * Math.PI);
    ink.fillStyle = colours.panel;
    ink.strokeStyle = colours.secondary;
    ink.lineWidth = 2;
    ink.fill();
    ink.stroke();
    if (accepted) {  // a small diamond at its foot: something in it is accepted
      ink.beginPath();
      ink.moveTo(0, middle - 9); ink.lineTo(4.5, middle - 4.5); ink.lineTo(0, middle); ink.lineTo(-4.5, middle - 4.5);
      ink.closePath();
      ink.fillStyle = colours.verified;
      ink.fill();
    }
    ink.fillStyle = colours.text;
    ink.font = "600 12px " + colours.font;
    ink.textAlign = "center";
    ink.textBaseline = "middle";
    ink.fillText(String(count), 0, accepted ? -1 : 0.5);
  }

  // ---- the pointer ------------------------------------------------------------------------------
  function under(event) {
    if (!shown || map.getContainer().classList.contains("measuring")) return null;
    const at = event.layerPoint;
    let best = null, nearest = Infinity;
    for (const item of items) {
      const reach = item.members.length === 1 ? HIT : 20, far = Math.hypot(item.x - at.x, item.y - at.y);
      if (far < reach && far < nearest) { best = item; nearest = far; }
    }
    return best;
  }

  function click(event) {
    const item = under(event);
    if (!item) return;
    const bounds = L.latLngBounds(item.members.map((one) => one.at));
    const apart = map.project(bounds.getNorthWest(), map.getMaxZoom()).distanceTo(map.project(bounds.getSouthEast(), map.getMaxZoom()));
    if (item.members.length > 1 && apart > CELL && map.getZoom() < map.getMaxZoom()) {
      map.fitBounds(bounds, { padding: [60, 60], animate: false });
      return;
    }
    turn = item.members.some((one) => one.id === selected) ? turn + 1 : 0;  // one after another where they lie on each other
    gleam.tell("query", item.members[turn % item.members.length].id);
  }

  function hover(event) {
    const item = under(event);
    map.getContainer().classList.toggle("over-query", Boolean(item));
    if (!item) return hideTip();
    const names = item.members.slice(0, 4).map((one) => one.name);
    if (item.members.length > 4) names.push("…");
    if (!tip) tip = L.tooltip({ direction: "top", offset: [0, -12] });
    tip.setLatLng(map.layerPointToLatLng([item.x, item.y])).setContent(gleam.element("span", "", names.join(", ")));
    if (!map.hasLayer(tip)) tip.addTo(map);
  }

  function hideTip() { if (tip && map.hasLayer(tip)) tip.remove(); }

  // ---- the legend -------------------------------------------------------------------------------
  function writeLegend(next) {
    const box = legend.getContainer();
    box.style.display = shown ? "" : "none";
    box.replaceChildren(gleam.element("strong", "", next.title));
    const ratio = window.devicePixelRatio || 1;
    for (const { verdict, decision, text } of next.legend) {
      const row = gleam.element("div"), picture = sprite([{ verdict, decision }], ratio);
      const copy = document.createElement("canvas");
      copy.width = picture.width;
      copy.height = picture.height;
      copy.getContext("2d").drawImage(picture, 0, 0);
      copy.setAttribute("aria-hidden", "true");
      row.append(copy, gleam.element("span", "", text));
      box.append(row);
    }
    if (next.note) box.append(gleam.element("p", "", next.note));
  }

  function readColours() {
    const style = getComputedStyle(document.documentElement);
    for (const name of [...VERDICTS, "panel", "text", "secondary", "accent", "contradicted", "font"]) {
      colours[name] = style.getPropertyValue("--" + name).trim();
    }
    sprites.clear();
    redraw();
  }

  gleam.redrawQueries = draw;  // at once, to be timed

  gleam.addRoom({
    hear: { queries: setQueries },
    themed: readColours,
    start(leafletMap) {
      map = leafletMap;
      map.createPane("queries").style.zIndex = 460;
      canvas = L.DomUtil.create("canvas", "queries", map.getPane("queries"));
      canvas.style.display = "none";
      canvas.setAttribute("aria-hidden", "true");  // the list of queries is the way for those who do not see it
      legend = L.control({ position: "bottomright" });
      legend.onAdd = () => gleam.element("div", "legend");
      legend.addTo(map);
      legend.getContainer().style.display = "none";
      map.on("moveend zoomend resize viewreset", redraw);
      map.on("zoomstart", () => { canvas.getContext("2d").clearRect(0, 0, 1e5, 1e5); hideTip(); });
      map.on("click", click);
      map.on("mousemove", hover);
      map.on("mouseout", hideTip);
    },
  });
})();
