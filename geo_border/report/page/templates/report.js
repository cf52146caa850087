"use strict";
(() => {
  const data = (id) => JSON.parse(document.getElementById(id).textContent);

  const drawn = [];

  const show = async (item, target) => {
    const views = await Bokeh.embed.embed_item(data(item), target);
    const view = Array.isArray(views) ? views[0] : [...views][0];
    drawn.push({ view, place: document.getElementById(target) });
    return view.model.document;
  };

  // A drawing keeps the width of the screen on paper, which would cut it: print its image.
  const still = ({ view, place }) => {
    const image = document.createElement("img");
    image.className = "still";
    image.alt = place.getAttribute("aria-label");
    image.src = view.export("png", true).canvas.toDataURL("image/png");
    place.after(image);
    place.classList.add("moving");
  };

  const wireMap = (doc) => {
    const legends = data("legends");
    const layer = (name) => doc.get_model_by_name("layer-" + name);
    const legend = document.getElementById("legend");
    const choice = document.getElementById("choice");
    const colour = () => {
      const source = layer("regions").data_source;
      const { data } = source;
      const title = choice.selectedOptions[0].textContent;
      source.data = {
        ...data,
        fill: data["fill_" + choice.value],
        told: data["told_" + choice.value],
        told_title: data.fill.map(() => title),
      };
      legend.replaceChildren(...legends[choice.value].map(([tone, words]) => {
        const line = document.createElement("li");
        const swatch = document.createElement("span");
        swatch.className = "swatch";
        swatch.style.background = tone;
        line.append(swatch, words);
        return line;
      }));
    };
    choice.addEventListener("change", colour);
    colour();
    for (const box of document.querySelectorAll("[data-layer]")) {
      const told = document.querySelectorAll(`[data-with="${box.dataset.layer}"]`);
      const apply = () => {
        layer(box.dataset.layer).visible = box.checked;
        for (const line of told) line.hidden = !box.checked;
      };
      box.addEventListener("change", apply);
      apply();
    }
  };

  const wireTable = (table) => {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      head.querySelector("button").addEventListener("click", () => {
        const numeric = head.classList.contains("n");
        const before = head.getAttribute("aria-sort");
        const down = before ? before === "ascending" : numeric;
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const key = (row) => row.cells[column].dataset.key;
        const rows = [...body.rows].sort((a, b) => {
          const [left, right] = [key(a), key(b)];
          if (left === "" || right === "") return (left === "") - (right === "");
          const order = numeric ? left - right : left.localeCompare(right);
          return down ? -order : order;
        });
        body.append(...rows);
      });
    });
  };

  const shorten = (table) => {
    const most = Number(table.dataset.short);
    const body = table.tBodies[0];
    if (!most || body.rows.length <= most + 3) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "more";
    button.textContent = `Show all ${body.rows.length}`;
    const hide = () => [...body.rows].forEach((row, place) => row.classList.toggle("rest", place >= most));
    const watch = new MutationObserver(hide);
    button.addEventListener("click", () => {
      watch.disconnect();
      for (const row of body.rows) row.classList.remove("rest");
      button.remove();
    });
    hide();
    watch.observe(body, { childList: true });
    table.parentElement.after(button);
  };

  const narrow = matchMedia("(max-width: 48rem)");

  for (const table of document.querySelectorAll("table.sortable")) {
    wireTable(table);
    shorten(table);
  }
  show("map-item", "map-view").then((doc) => {
    if (narrow.matches) {
      // A finger on the map must still scroll the page.
      doc.get_model_by_name("plot").toolbar.active_drag = null;
      doc.get_model_by_name("plot").height = 360;
      const posts = doc.get_model_by_name("layer-checkpoints").data_source;
      posts.data = { ...posts.data, size: Array.from(posts.data.size, (size) => 0.6 * size) };
      document.querySelector('[data-layer="names"]').checked = false;
    }
    wireMap(doc);
  });
  show("profile-item", "profile-view").then((doc) => {
    for (const side of ["home", "neighbour"]) {
      doc.get_model_by_name("bands-" + side).visible = !narrow.matches;
    }
  });
  addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll("details")) part.open = true;
    drawn.forEach(still);
  });
  addEventListener("afterprint", () => {
    for (const image of document.querySelectorAll(".still")) image.remove();
    for (const { place } of drawn) place.classList.remove("moving");
  });
})();
